// The consent sheet: who asks, why, exactly what would be shown and what it is for, and what stays in the wallet.
import { useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { Notice } from '../shared/notices.tsx';
import { claimUse } from '../shared/terms.ts';
import type { PresentationMatch, PresentationRequest, RequestedCredential } from './core/wallet.ts';
import { ClaimList } from './credential-card.tsx';

export interface ConsentSheetProps {
  request: PresentationRequest;
  busy: boolean;
  onShare: (chosen: Record<string, string>) => void;
  onRefuse: () => void;
}

export function ConsentSheet({ request, busy, onShare, onRefuse }: ConsentSheetProps) {
  const { say, pick } = useSpeech();
  const [chosen, setChosen] = useState<Record<string, string>>(() => firstMatches(request));
  const complete = request.requested.every(({ query_id }) => chosen[query_id] !== undefined);
  return (
    <div class="consent card stack" data-testid="consent">
      <section aria-labelledby="consent-who">
        <h2 id="consent-who" class="consent-label">
          {say('누가', 'Who asks')}
        </h2>
        <p class="consent-verifier">{pick(request.verifier_name)}</p>
        <details>
          <summary>{say('서명을 확인한 이름표', 'Identifier whose signature was checked')}</summary>
          <code>{request.verifier}</code>
        </details>
      </section>
      <section aria-labelledby="consent-why">
        <h2 id="consent-why" class="consent-label">
          {say('왜', 'Why')}
        </h2>
        <p>{pick(request.purpose)}</p>
      </section>
      <section aria-labelledby="consent-keeps">
        <h2 id="consent-keeps" class="consent-label">
          {say('얼마나 보관하나', 'How long it is kept')}
        </h2>
        <p>{pick(request.keeps)}</p>
      </section>
      {request.requested.map((requested) => (
        <Requested
          key={requested.query_id}
          requested={requested}
          chosen={chosen[requested.query_id]}
          onChoose={(id) => setChosen({ ...chosen, [requested.query_id]: id })}
        />
      ))}
      {request.signs.map((signed) => (
        <section key={signed.entry} class="wide" aria-labelledby={`consent-sign-${signed.query_id}`}>
          <h2 id={`consent-sign-${signed.query_id}`} class="consent-label">
            {say('무엇에 서명하나', 'What you sign')}
          </h2>
          <blockquote class="consent-text" data-testid="consent-text">
            <strong>{pick(signed.title)}</strong>
            <p>{pick(signed.text)}</p>
          </blockquote>
          <p class="small soft">
            {say('보여 주면 이 글에 여러분의 열쇠로 서명합니다.', 'By sharing, you sign this text with your key.')}
          </p>
        </section>
      ))}
      <div class="consent-actions row wide">
        <button
          type="button"
          class="button big"
          disabled={busy || !complete}
          onClick={() => onShare(chosen)}
          data-testid="consent-share"
        >
          {busy
            ? say('보여 주는 중…', 'Sharing…')
            : request.signs.length === 0
              ? say('보여 주기', 'Share')
              : say('서명하고 보여 주기', 'Sign and share')}
        </button>
        <button type="button" class="button plain big" disabled={busy} onClick={onRefuse} data-testid="consent-refuse">
          {say('거절', 'Refuse')}
        </button>
      </div>
    </div>
  );
}

function firstMatches(request: PresentationRequest): Record<string, string> {
  const first: Record<string, string> = {};
  for (const { query_id, matches } of request.requested) {
    const match = matches[0];
    if (match !== undefined) first[query_id] = match.credential_id;
  }
  return first;
}

interface RequestedProps {
  requested: RequestedCredential;
  chosen: string | undefined;
  onChoose: (credentialId: string) => void;
}

function Requested({ requested, chosen, onChoose }: RequestedProps) {
  const { say, pick } = useSpeech();
  const match = requested.matches.find(({ credential_id }) => credential_id === chosen);
  const heading = `consent-what-${requested.query_id}`;
  return (
    <section class="wide" aria-labelledby={heading}>
      <h2 id={heading} class="consent-label">
        {say('무엇을', 'What')}
      </h2>
      {requested.matches.length > 1 ? (
        <fieldset class="consent-choice">
          <legend>{say('어느 증명서로 보여 줄까요?', 'With which credential?')}</legend>
          {requested.matches.map((option, index) => (
            <label key={option.credential_id}>
              <input
                type="radio"
                name={requested.query_id}
                checked={option.credential_id === chosen}
                onChange={() => onChoose(option.credential_id)}
              />
              {pick(option.type_name)} {index + 1} · {pick(option.issuer_name)}
            </label>
          ))}
        </fieldset>
      ) : null}
      {match === undefined ? (
        <Notice tone="warn">
          {say('이 요청에 맞는 증명서가 지갑에 없습니다.', 'The wallet holds nothing that fits.')}
        </Notice>
      ) : (
        <Shown match={match} />
      )}
    </section>
  );
}

function Shown({ match }: { match: PresentationMatch }) {
  const { say, pick } = useSpeech();
  const why = (name: string): string | null => {
    const use = claimUse(name);
    return use === null ? null : pick(use);
  };
  return (
    <>
      <p>
        <strong>{pick(match.type_name)}</strong> <span class="soft small">{pick(match.issuer_name)}</span>
      </p>
      <ClaimList claims={match.claims} why={why} />
      {match.kept_back.length === 0 ? null : (
        <p class="small soft consent-kept">
          {say('보내지 않는 것', 'Stays in the wallet')}: {match.kept_back.map((label) => pick(label)).join(', ')}
        </p>
      )}
    </>
  );
}
