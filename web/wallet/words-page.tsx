// The recovery words: seen, written on paper, three of them given back, and then forgotten by the wallet.
import { useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { answersAsked } from './core/own-did.ts';
import { recoveryWordCount } from './core/recovery-words.ts';
import type { Wallet } from './core/wallet.ts';
import { RefusalNotice } from './refusal-notice.tsx';
import { linkTo } from './route.ts';

export function WordsPage({ wallet }: { wallet: Wallet }) {
  const { say } = useSpeech();
  const [words] = useRemote<string[] | null>(() => wallet.did.words(), ['words']);
  const [step, setStep] = useState<'read' | 'answer' | 'done'>('read');
  const gone = words.state === 'failed' || (words.state === 'ready' && words.value === null);
  return (
    <>
      <PageTitle>{say('복구 단어', 'Recovery words')}</PageTitle>
      {words.state === 'loading' ? <Loading /> : null}
      {gone && step !== 'done' ? (
        <Notice>
          {say('지금 적을 복구 단어가 없습니다.', 'There are no recovery words to write down now.')}
          <a href={linkTo({ page: 'did' })}>{say('내 DID로', 'To my DID')}</a>
        </Notice>
      ) : null}
      {words.state === 'ready' && words.value !== null && step === 'read' ? (
        <Read words={words.value} onWritten={() => setStep('answer')} />
      ) : null}
      {step === 'answer' ? (
        <Answer wallet={wallet} onRight={() => setStep('done')} onBack={() => setStep('read')} />
      ) : null}
      {step === 'done' ? (
        <>
          <Notice tone="good" live testId="words-done">
            <strong>{say('잘 적어 두셨습니다.', 'You have them.')}</strong>
            <span>
              {say(
                '단어를 이 기기에서 지웠습니다. 이제 종이에만 있으니 안전한 곳에 두세요.',
                'They are deleted from this device and exist on your paper only. Keep it safe.',
              )}
            </span>
          </Notice>
          <p>
            <a class="button" href={linkTo({ page: 'home' })}>
              {say('내 증명서로', 'To my credentials')}
            </a>
          </p>
        </>
      ) : null}
    </>
  );
}

function Read({ words, onWritten }: { words: string[]; onWritten: () => void }) {
  const { say } = useSpeech();
  return (
    <section class="card stack" aria-labelledby="words-read">
      <h2 id="words-read">{say('종이에 차례대로 적어 주세요', 'Write these on paper, in order')}</h2>
      <p>
        {say(
          '휴대전화를 잃거나 바꿀 때 이 열두 단어로 내 DID를 되찾습니다. 이 단어를 아는 사람은 누구나 내 DID를 가져갈 수 있으니, 사진을 찍거나 남에게 알려 주지 마세요. 시청 직원도 묻지 않습니다.',
          'With these twelve words you take your DID back on a new phone. Whoever knows them can take it too: no photographs, tell nobody. No official will ever ask for them.',
        )}
      </p>
      <ol class="words wide" data-testid="words">
        {words.map((word, index) => (
          <li key={index}>{word}</li>
        ))}
      </ol>
      <button type="button" class="button big" onClick={onWritten} data-testid="words-written">
        {say('다 적었습니다', 'I have written them down')}
      </button>
    </section>
  );
}

/** Different places each time, in ascending order. */
function somePlaces(): number[] {
  const places = Array.from({ length: recoveryWordCount }, (_unused, index) => index + 1);
  const chance = crypto.getRandomValues(new Uint32Array(answersAsked));
  return Array.from(chance, (number) => places.splice(number % places.length, 1)[0] ?? 1).sort((a, b) => a - b);
}

function Answer({ wallet, onRight, onBack }: { wallet: Wallet; onRight: () => void; onBack: () => void }) {
  const { say } = useSpeech();
  const [places] = useState(somePlaces);
  const [answers, setAnswers] = useState<Record<number, string>>({});
  const [refused, setRefused] = useState<unknown>(null);
  const check = async (event: Event): Promise<void> => {
    event.preventDefault();
    setRefused(null);
    try {
      await wallet.did.confirmWords(Object.fromEntries(places.map((place) => [place, answers[place] ?? ''])));
      onRight();
    } catch (error) {
      setRefused(error);
    }
  };
  return (
    <form class="card stack" onSubmit={check} aria-labelledby="words-answer">
      <h2 id="words-answer">{say('종이를 보고 세 단어를 적어 주세요', 'From your paper, give back three words')}</h2>
      {places.map((place) => (
        <div class="field" key={place}>
          <label for={`word-${place}`}>{say(`${place}번째 단어`, `Word ${place}`)}</label>
          <input
            id={`word-${place}`}
            class="input"
            required
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            value={answers[place] ?? ''}
            onInput={(event) => setAnswers({ ...answers, [place]: event.currentTarget.value })}
            data-testid="words-answer"
            data-place={place}
          />
        </div>
      ))}
      {refused === null ? null : <RefusalNotice error={refused} />}
      <div class="row">
        <button type="submit" class="button big" data-testid="words-check">
          {say('확인', 'Check')}
        </button>
        <button type="button" class="button plain big" onClick={onBack}>
          {say('단어 다시 보기', 'See the words again')}
        </button>
      </div>
    </form>
  );
}
