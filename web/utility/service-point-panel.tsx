// Who may see this service point: credentials issued for it, and the making of an offer.
import { useState } from 'preact/hooks';
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, ProblemNotice } from '../shared/notices.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import type { IssuedCredential, MadeOffer } from '../shared/service-types.ts';
import { term, typeName } from '../shared/terms.ts';
import { OfferCard } from './offer-card.tsx';
import { OfferForm } from './offer-form.tsx';
import { StatusDialog } from './status-dialog.tsx';

type Offering = { at: 'closed' } | { at: 'form' } | { at: 'made'; offer: MadeOffer };

const refresh_ms = 5_000;

export function ServicePointPanel({ id }: { id: string }) {
  const { say } = useSpeech();
  const [offering, setOffering] = useState<Offering>({ at: 'closed' });
  const path = `/api/utility/service-points/${encodeURIComponent(id)}`;
  return (
    <section class="card" aria-labelledby="service-point-title">
      <div class="section">
        <div class="row apart">
          <h2 id="service-point-title">{say(`수용가 ${id}의 증명서`, `Credentials of service point ${id}`)}</h2>
          <button
            type="button"
            class="button"
            aria-expanded={offering.at === 'form'}
            onClick={() => setOffering({ at: 'form' })}
            data-testid="make-offer"
          >
            {say('증명서 발급 안내 만들기', 'Make an offer')}
          </button>
        </div>
        {offering.at === 'form' ? (
          <OfferForm
            path={`${path}/offers`}
            onMade={(offer) => setOffering({ at: 'made', offer })}
            onCancel={() => setOffering({ at: 'closed' })}
          />
        ) : null}
        {offering.at === 'made' ? (
          <OfferCard offer={offering.offer} onDone={() => setOffering({ at: 'closed' })} />
        ) : null}
        <Issued path={`${path}/credentials`} />
      </div>
    </section>
  );
}

function Issued({ path }: { path: string }) {
  const { say } = useSpeech();
  const [remote, again] = useRemote<{ credentials: IssuedCredential[] }>(
    (signal) => askService(path, undefined, signal),
    [path],
    refresh_ms,
  );
  const [revoking, setRevoking] = useState<IssuedCredential | null>(null);
  if (remote.state === 'loading') return <Loading />;
  if (remote.state === 'failed') return <ProblemNotice problem={remote.problem} again={again} />;
  const { credentials } = remote.value;
  return (
    <>
      {credentials.length === 0 ? (
        <Empty>{say('아직 발급한 증명서가 없습니다.', 'No credential has been issued yet.')}</Empty>
      ) : (
        <ul class="issued">
          {credentials.map((credential) => (
            <Row key={credential.id} credential={credential} onRevoke={() => setRevoking(credential)} />
          ))}
        </ul>
      )}
      {revoking === null ? null : (
        <StatusDialog
          change="revoke"
          credential={revoking}
          onClose={(revoked) => {
            setRevoking(null);
            if (revoked) again();
          }}
        />
      )}
    </>
  );
}

function Row({ credential, onRevoke }: { credential: IssuedCredential; onRevoke: () => void }) {
  const { say, pick, language } = useSpeech();
  const revoked = credential.state === 'revoked';
  return (
    <li class="issued-row" data-testid="credential-row" data-state={credential.state} data-id={credential.id}>
      <div>
        <p class="row">
          <strong>{pick(typeName(credential.type))}</strong>
          <span class={`badge ${credential.state === 'valid' ? 'good' : 'bad'}`}>
            {pick(term('credential_state', credential.state))}
          </span>
        </p>
        <p class="small soft">
          {say('발급', 'Issued')} {dateTime(credential.issued_at, language)}
        </p>
        {credential.revoked_at === null ? null : (
          <p class="small">
            {say('폐지', 'Revoked')} {dateTime(credential.revoked_at, language)}
            {credential.reason === null ? '' : ` · ${credential.reason}`}
          </p>
        )}
      </div>
      {revoked ? null : (
        <button type="button" class="button plain quiet" onClick={onRevoke} data-testid="revoke">
          {say('폐지', 'Revoke')}
        </button>
      )}
    </li>
  );
}
