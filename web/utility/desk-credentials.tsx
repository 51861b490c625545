// What was issued: found by its number, suspended, revoked, or replaced after a loss.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CredentialForm } from '../../src/identity/credentials/claim-form.ts';
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Notice } from '../shared/notices.tsx';
import { PageTail } from '../shared/page-tail.tsx';
import { usePages } from '../shared/pages.ts';
import { askService } from '../shared/service-client.ts';
import type { DeskCredential, MadeOffer } from '../shared/service-types.ts';
import { term, typeName } from '../shared/terms.ts';
import { ClaimsForm } from './claims-form.tsx';
import { OfferCard } from './offer-card.tsx';
import { type StatusChange, StatusDialog } from './status-dialog.tsx';

interface CredentialPage {
  credentials: DeskCredential[];
  next_cursor: string | null;
}
interface Props {
  forms: readonly CredentialForm[];
  turn: number;
  onChanged: () => void;
}

const typingPause_ms = 250;
const badges = { valid: 'good', suspended: 'warn', revoked: 'bad' } as const;

export function DeskCredentials({ forms, turn, onChanged }: Props) {
  const { say } = useSpeech();
  const [typed, setTyped] = useState('');
  const [reference, setReference] = useState('');
  const [changing, setChanging] = useState<{ change: StatusChange; credential: DeskCredential } | null>(null);
  const [lost, setLost] = useState<DeskCredential | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setReference(typed.trim()), typingPause_ms);
    return () => clearTimeout(timer);
  }, [typed]);
  const pages = usePages<CredentialPage>(
    (cursor, signal) => {
      const query = new URLSearchParams({ limit: '20' });
      if (reference !== '') query.set('reference', reference);
      if (cursor !== null) query.set('cursor', cursor);
      return askService(`/api/utility/desk/credentials?${query}`, undefined, signal);
    },
    [turn, reference],
  );
  const credentials = pages.loaded.flatMap((page) => page.credentials);
  return (
    <section class="card" aria-labelledby="desk-credentials-title">
      <div class="section">
        <h2 id="desk-credentials-title">{say('발급된 증명서', 'Issued credentials')}</h2>
        <div class="field">
          <label for="desk-reference">
            {say('접수 번호나 수용가 번호로 찾기', 'Find by number of case or service point')}
          </label>
          <input
            id="desk-reference"
            class="input"
            type="search"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
            data-testid="desk-reference"
          />
        </div>
        {credentials.length === 0 ? null : (
          <ul class="issued">
            {credentials.map((credential) => (
              <Row
                key={credential.id}
                credential={credential}
                onChange={(change) => setChanging({ change, credential })}
                onLost={() => setLost(credential)}
              />
            ))}
          </ul>
        )}
        <PageTail
          pages={pages}
          nothing={credentials.length > 0 ? null : say('맞는 증명서가 없습니다.', 'No credential matches.')}
        />
        {lost === null ? null : (
          <Reissue
            key={lost.id}
            credential={lost}
            form={forms.find(({ type }) => type === lost.type)}
            onDone={() => {
              setLost(null);
              onChanged();
            }}
          />
        )}
        {changing === null ? null : (
          <StatusDialog
            {...changing}
            onClose={(changed) => {
              setChanging(null);
              if (changed) onChanged();
            }}
          />
        )}
      </div>
    </section>
  );
}

function Row({
  credential,
  onChange,
  onLost,
}: {
  credential: DeskCredential;
  onChange: (change: StatusChange) => void;
  onLost: () => void;
}) {
  const { say, pick, language } = useSpeech();
  const { state, wallet } = credential;
  return (
    <li class="issued-row" data-testid="desk-credential" data-state={credential.state}>
      <div>
        <p class="row">
          <strong>{pick(typeName(credential.type))}</strong>
          <code>{credential.reference ?? '—'}</code>
          <span class={`badge ${badges[state]}`}>{pick(term('credential_state', state))}</span>
        </p>
        <p class="small soft">
          {say('발급', 'Issued')} {dateTime(credential.issued_at, language)}
          {credential.reason === null ? '' : ` · ${credential.reason}`}
        </p>
        {wallet === null ? null : (
          <p class="small soft" data-testid="wallet-event">
            <span class={wallet.event === 'credential_accepted' ? '' : 'badge warn'}>
              {pick(term('wallet_event', wallet.event))}
            </span>{' '}
            {dateTime(wallet.at, language)}
          </p>
        )}
      </div>
      {state === 'revoked' ? null : (
        <div class="row">
          <button type="button" class="button plain quiet" onClick={onLost} data-testid="reissue">
            {say('분실 재발급', 'Lost: replace')}
          </button>
          {state === 'valid' ? (
            <button
              type="button"
              class="button plain quiet"
              onClick={() => onChange('suspend')}
              data-testid="desk-suspend"
            >
              {say('정지', 'Suspend')}
            </button>
          ) : (
            <button
              type="button"
              class="button plain quiet"
              onClick={() => onChange('resume')}
              data-testid="desk-resume"
            >
              {say('정지 해제', 'Resume')}
            </button>
          )}
          <button type="button" class="button plain quiet" onClick={() => onChange('revoke')} data-testid="desk-revoke">
            {say('폐지', 'Revoke')}
          </button>
        </div>
      )}
    </li>
  );
}

/** The claims are kept nowhere, so they are asked for again. */
function Reissue({
  credential,
  form,
  onDone,
}: {
  credential: DeskCredential;
  form: CredentialForm | undefined;
  onDone: () => void;
}) {
  const { say } = useSpeech();
  const [made, setMade] = useState<MadeOffer | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  // The list may be long: whoever asked is brought to the form below it.
  useEffect(() => heading.current?.focus(), []);
  if (made !== null) return <OfferCard offer={made} onDone={onDone} />;
  if (form === undefined) return null;
  return (
    <div class="stack" data-testid="reissue-form">
      <h3>
        {say(`분실 재발급: ${credential.reference ?? ''}`, `Replace after a loss: ${credential.reference ?? ''}`)}
      </h3>
      <Notice tone="warn">
        {say(
          '이 증명서를 폐지하고 새 안내를 만듭니다. 둘은 함께 이루어집니다. 내용은 보관하지 않으므로 다시 적어 주세요.',
          'The credential is revoked and a new offer made, both or neither. What it said is kept nowhere: fill it in again.',
        )}
      </Notice>
      <ClaimsForm
        form={form}
        submit={say('폐지하고 다시 발급', 'Revoke and replace')}
        asksReference={false}
        onSubmit={async ({ claims }) => {
          const body = { credentials: [credential.id], reason: say('분실', 'Lost'), claims };
          setMade(await askService<MadeOffer>('/api/utility/desk/reissue', body));
        }}
        onCancel={onDone}
      />
    </div>
  );
}
