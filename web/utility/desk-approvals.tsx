// Offers that wait for a second person: approved or refused by another than who made them.
import { useDeed } from '../shared/deed.ts';
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { ProblemNotice } from '../shared/notices.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import type { AwaitingOffer } from '../shared/service-types.ts';
import { typeName } from '../shared/terms.ts';

/** Shown only where something waits: most desks never use it. */
export function DeskApprovals({ turn, onChanged }: { turn: number; onChanged: () => void }) {
  const { say, pick, language } = useSpeech();
  const [remote, again] = useRemote<{ offers: AwaitingOffer[] }>(
    (signal) => askService('/api/utility/desk/approvals', undefined, signal),
    [turn],
  );
  const [problem, send] = useDeed(onChanged);
  if (remote.state === 'loading') return null;
  if (remote.state === 'failed') return <ProblemNotice problem={remote.problem} again={again} />;
  const { offers } = remote.value;
  if (offers.length === 0) return null;
  const decide = (id: string, decision: 'approve' | 'refuse') => send(`/api/utility/desk/approvals/${id}/${decision}`);
  return (
    <section class="card" aria-labelledby="desk-approvals-title">
      <div class="section">
        <h2 id="desk-approvals-title">{say('승인을 기다리는 안내', 'Offers that wait for approval')}</h2>
        <p class="small soft">
          {say(
            '안내를 만든 사람이 아닌 직원이 승인해야 발급됩니다. 반려하면 안내가 끝나고 적은 내용은 지워집니다.',
            'Nothing is issued until somebody other than the maker approves. A refusal ends the offer and erases what it said.',
          )}
        </p>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <ul class="issued">
          {offers.map((offer) => (
            <li key={offer.offer_id} class="issued-row" data-testid="desk-approval">
              <div>
                <p class="row">
                  <strong>{pick(typeName(offer.type))}</strong>
                  <code>{offer.reference}</code>
                </p>
                <p class="small soft">
                  {say('만든 때', 'Made')} {dateTime(offer.created_at, language)}
                </p>
              </div>
              <div class="row">
                <button
                  type="button"
                  class="button quiet"
                  onClick={() => decide(offer.offer_id, 'approve')}
                  aria-label={say(`${offer.reference} 안내 승인`, `Approve the offer ${offer.reference}`)}
                  data-testid="approve-offer"
                >
                  {say('승인', 'Approve')}
                </button>
                <button
                  type="button"
                  class="button plain quiet"
                  onClick={() => decide(offer.offer_id, 'refuse')}
                  aria-label={say(`${offer.reference} 안내 반려`, `Refuse the offer ${offer.reference}`)}
                  data-testid="refuse-offer"
                >
                  {say('반려', 'Refuse')}
                </button>
              </div>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
