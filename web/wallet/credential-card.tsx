// One credential as a card: its kind and issuer on the face, its claims on opening.
import { useState } from 'preact/hooks';
import { dateOnly } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { claimValue } from '../shared/terms.ts';
import type { DisplayedClaim, DisplayedCredential } from './core/wallet.ts';

export function CredentialCard({ credential, onForget }: { credential: DisplayedCredential; onForget: () => void }) {
  const { say, pick, language } = useSpeech();
  const [asking, setAsking] = useState(false);
  const date = (at_ms: number): string => dateOnly(new Date(at_ms).toISOString(), language);
  return (
    <details class="credential" data-testid="credential-card" data-type={credential.type}>
      <summary class="credential-face">
        <span class="credential-name">{pick(credential.type_name)}</span>
        <span class="credential-issuer">{pick(credential.issuer_name)}</span>
        <span class="credential-more">
          {credential.issued_at_ms === null ? null : <span>{date(credential.issued_at_ms)}</span>}
          <span>{say('내용 보기', 'See inside')}</span>
        </span>
        <svg class="credential-waves" viewBox="0 0 400 60" preserveAspectRatio="none" aria-hidden="true">
          <path d="M0 26c37-18 63-18 100 0s63 18 100 0 63-18 100 0 63 18 100 0v34H0z" fill="#0f6175" />
          <path d="M0 44c37-12 63-12 100 0s63 12 100 0 63-12 100 0 63 12 100 0v16H0z" fill="#1a7c8c" />
        </svg>
      </summary>
      <div class="credential-inside stack">
        <ClaimList claims={credential.claims} />
        {credential.expires_at_ms === null ? null : (
          <p class="small soft">
            {say('유효 기간', 'Valid until')} {date(credential.expires_at_ms)}
          </p>
        )}
        {credential.copies_few ? <FewCopies left={credential.copies_left} /> : null}
        <p class="small soft">
          {say('발급 기관', 'Issuer')} <code>{credential.issuer}</code>
        </p>
        {asking ? (
          <div class="row" role="alert">
            <span>
              {say(
                '이 기기에서 지울까요? 다시 받아야 쓸 수 있습니다.',
                'Remove it from this device? It would have to be issued anew.',
              )}
            </span>
            <button type="button" class="button danger quiet" onClick={onForget}>
              {say('지우기', 'Remove')}
            </button>
            <button type="button" class="button plain quiet" onClick={() => setAsking(false)}>
              {say('그대로 두기', 'Keep')}
            </button>
          </div>
        ) : (
          <button type="button" class="button plain quiet" onClick={() => setAsking(true)}>
            {say('이 증명서 지우기', 'Remove this credential')}
          </button>
        )}
      </div>
    </details>
  );
}

/** Each showing uses up a copy; without new ones, who sees the last one twice can tell. */
function FewCopies({ left }: { left: number }) {
  const { say } = useSpeech();
  return (
    <p class="small" role="note" data-testid="copies-few">
      {left === 0
        ? say(
            '이 증명서의 새 사본이 없습니다. 같은 사본을 두 번 본 곳은 같은 사람인 줄 알 수 있으니, 발급 기관에서 다시 받아 두세요.',
            'No unseen copies are left. Whoever sees the same copy twice can tell that it is you: have it issued anew.',
          )
        : say(
            `아무도 보지 않은 사본이 ${left}장 남았습니다. 보여 줄 때마다 한 장씩 씁니다. 발급 기관에서 다시 받아 두세요.`,
            `${left} unseen ${left === 1 ? 'copy is' : 'copies are'} left. Each showing uses one: have it issued anew.`,
          )}
    </p>
  );
}

export function ClaimList({
  claims,
  why,
}: {
  claims: readonly DisplayedClaim[];
  why?: (name: string) => string | null;
}) {
  const { pick } = useSpeech();
  return (
    <dl class="claims wide">
      {claims.map((claim) => {
        const reason = why?.(claim.name) ?? null;
        return (
          <div key={claim.name} data-claim={claim.name}>
            <dt>{pick(claim.label)}</dt>
            <dd>
              {pick(claimValue(claim.name, claim.value))}
              {reason === null ? null : <span class="claim-why">{reason}</span>}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
