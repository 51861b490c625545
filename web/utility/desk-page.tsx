// The issuing desk: an offer of any type that is this clerk's, the offers that wait, and what was issued.
import { useState } from 'preact/hooks';
import type { CredentialForm } from '../../src/identity/credentials/claim-form.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import type { MadeOffer } from '../shared/service-types.ts';
import { ClaimsForm } from './claims-form.tsx';
import { DeskApprovals } from './desk-approvals.tsx';
import { DeskCredentials } from './desk-credentials.tsx';
import { DeskOffers } from './desk-offers.tsx';
import { OfferCard } from './offer-card.tsx';

export function DeskPage() {
  const { say } = useSpeech();
  const [types, again] = useRemote<{ types: CredentialForm[] }>(
    (signal) => askService('/api/utility/desk/types', undefined, signal),
    [],
  );
  const [turn, setTurn] = useState(0);
  return (
    <>
      <div class="stack">
        <PageTitle>{say('발급 창구', 'Issuing desk')}</PageTitle>
        <p class="lead">
          {say(
            '증명서를 안내하고, 발급된 증명서를 정지하거나 폐지하고, 분실 뒤에 다시 발급합니다. 창구에서 한 일은 모두 감사 기록에 남습니다.',
            'Offer credentials, suspend or revoke those that were issued, and replace lost ones. Everything done here is recorded in the audit.',
          )}
        </p>
      </div>
      {types.state === 'loading' ? <Loading /> : null}
      {types.state === 'failed' ? <ProblemNotice problem={types.problem} again={again} /> : null}
      {types.state === 'ready' && types.value.types.length === 0 ? (
        <Empty>{say('맡은 직무로 발급할 수 있는 증명서가 없습니다.', 'Your duty issues no credentials.')}</Empty>
      ) : null}
      {types.state === 'ready' && types.value.types.length > 0 ? (
        <>
          <NewOffer forms={types.value.types} onMade={() => setTurn(turn + 1)} />
          <DeskApprovals turn={turn} onChanged={() => setTurn(turn + 1)} />
          <DeskOffers turn={turn} onChanged={() => setTurn(turn + 1)} />
          <DeskCredentials forms={types.value.types} turn={turn} onChanged={() => setTurn(turn + 1)} />
        </>
      ) : null}
    </>
  );
}

function NewOffer({ forms, onMade }: { forms: readonly CredentialForm[]; onMade: () => void }) {
  const { say, pick } = useSpeech();
  const [chosen, setChosen] = useState('');
  const [needsApproval, setNeedsApproval] = useState(false);
  const [made, setMade] = useState<MadeOffer | null>(null);
  const form = forms.find(({ type }) => type === chosen);
  return (
    <section class="card" aria-labelledby="new-offer-title">
      <div class="section">
        <h2 id="new-offer-title">{say('증명서 안내 만들기', 'Make an offer')}</h2>
        <div class="field">
          <label for="offer-type">{say('증명서 종류', 'Type of credential')}</label>
          <select
            id="offer-type"
            class="input"
            value={chosen}
            onChange={(event) => {
              setChosen(event.currentTarget.value);
              setMade(null);
            }}
            data-testid="offer-type"
          >
            <option value="">{say('고르세요', 'Choose')}</option>
            {forms.map(({ type, name }) => (
              <option key={type} value={type}>
                {pick(name)}
              </option>
            ))}
          </select>
          {form === undefined ? null : <span class="hint">{pick(form.description)}</span>}
        </div>
        {form === undefined || made !== null ? null : (
          <label class="row">
            <input
              type="checkbox"
              checked={needsApproval}
              onChange={(event) => setNeedsApproval(event.currentTarget.checked)}
              data-testid="offer-needs-approval"
            />
            {say('다른 직원이 승인한 뒤에 발급', 'Issue only after a colleague’s approval')}
          </label>
        )}
        {form === undefined || made !== null ? null : (
          <ClaimsForm
            key={form.type}
            form={form}
            submit={say('안내 만들기', 'Make the offer')}
            asksReference
            onSubmit={async ({ claims, reference }) => {
              const body = {
                type: form.type,
                claims,
                needs_approval: needsApproval,
                ...(reference === '' ? {} : { reference }),
              };
              setMade(await askService<MadeOffer>('/api/utility/desk/offers', body));
              onMade();
            }}
            onCancel={() => setChosen('')}
          />
        )}
        {made === null ? null : (
          <OfferCard
            offer={made}
            onDone={() => {
              setMade(null);
              setChosen('');
            }}
          />
        )}
      </div>
    </section>
  );
}
