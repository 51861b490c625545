// "How do I know?": each step of the check that opened this page, and the anchor's proof.
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import type { Me } from '../shared/service-types.ts';
import { TraceList } from '../shared/trace-list.tsx';

export function HowKnown({ me }: { me: Me }) {
  const { say, language } = useSpeech();
  return (
    <section class="card" aria-labelledby="how-title">
      <div class="how">
        <div class="stack">
          <h2 id="how-title">{say('어떻게 알 수 있나요?', 'How do I know?')}</h2>
          <p class="soft">
            {say(
              `${dateTime(me.signed_in_at, language)}에 여러분의 증명서를 이 순서로 확인했습니다.`,
              `Your credential was checked in these steps on ${dateTime(me.signed_in_at, language)}.`,
            )}
          </p>
          <p class="soft small">
            {say(
              '공개 장부에는 해시만 있습니다. 이름도 주소도 사용량도 올라가지 않습니다.',
              'Only hashes are on the public ledger: no name, no address, no use.',
            )}
          </p>
        </div>
        <TraceList trace={me.trace} />
      </div>
    </section>
  );
}
