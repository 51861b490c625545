// Offers that nobody has taken yet, and the taking back of one.
import { useDeed } from '../shared/deed.ts';
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { ProblemNotice } from '../shared/notices.tsx';
import { PageTail } from '../shared/page-tail.tsx';
import { usePages } from '../shared/pages.ts';
import { askService } from '../shared/service-client.ts';
import type { DeskOffer } from '../shared/service-types.ts';
import { typeName } from '../shared/terms.ts';

export function DeskOffers({ turn, onChanged }: { turn: number; onChanged: () => void }) {
  const { say, pick, language } = useSpeech();
  const pages = usePages<{ offers: DeskOffer[]; next_cursor: string | null }>(
    (cursor, signal) =>
      askService(
        `/api/utility/desk/offers?limit=20${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
        undefined,
        signal,
      ),
    [turn],
  );
  const [problem, send] = useDeed(onChanged);
  const offers = pages.loaded.flatMap((page) => page.offers);
  return (
    <section class="card" aria-labelledby="desk-offers-title">
      <div class="section">
        <h2 id="desk-offers-title">{say('받기를 기다리는 안내', 'Offers that wait')}</h2>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        {offers.length === 0 ? null : (
          <ul class="issued">
            {offers.map((offer) => (
              <li key={offer.id} class="issued-row" data-testid="desk-offer">
                <div>
                  <p class="row">
                    <strong>{pick(typeName(offer.type))}</strong>
                    <code>{offer.reference}</code>
                  </p>
                  <p class="small soft">
                    {say('기한', 'Until')} {dateTime(offer.expires_at, language)}
                    {offer.tries_left < 5
                      ? ` · ${say(`확인 번호 ${offer.tries_left}번 남음`, `${offer.tries_left} tries of the code left`)}`
                      : ''}
                    {offer.import_id === null ? '' : ` · ${say('일괄 발급', 'imported')}`}
                  </p>
                </div>
                <button
                  type="button"
                  class="button plain quiet"
                  onClick={() => send(`/api/utility/desk/offers/${offer.id}/withdraw`)}
                  aria-label={say(`${offer.reference} 안내 거두기`, `Take back the offer ${offer.reference}`)}
                  data-testid="withdraw-offer"
                >
                  {say('거두기', 'Take back')}
                </button>
              </li>
            ))}
          </ul>
        )}
        <PageTail
          pages={pages}
          nothing={offers.length > 0 ? null : say('기다리는 안내가 없습니다.', 'No offer waits.')}
        />
      </div>
    </section>
  );
}
