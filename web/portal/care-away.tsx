// Absences, during which nobody is told: set by their first and last day, ended when one is back.
import { useState } from 'preact/hooks';
import { dateOnly } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import type { CareConsent } from '../shared/service-types.ts';

type Away = NonNullable<CareConsent['consent']>['away'];

export function CareAway({ away, send }: { away: Away; send: (path: string, body: object) => Promise<void> }) {
  const { say, language } = useSpeech();
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  return (
    <section class="card stack" aria-labelledby="away-title">
      <h2 id="away-title">{say('집을 비움', 'Away')}</h2>
      <p>{say('집을 비우는 동안에는 알리지 않습니다.', 'Nobody is told while you are away.')}</p>
      {away.length === 0 ? null : (
        <ul class="care-away">
          {away.map((each) => (
            <li key={each.id} class="row apart" data-testid="care-away">
              <span>
                {dateOnly(each.from, language)} – {dateOnly(each.until, language)}
              </span>
              <button type="button" class="button plain quiet" onClick={() => send(`/away/${each.id}/end`, {})}>
                {say('돌아왔음', 'I am back')}
              </button>
            </li>
          ))}
        </ul>
      )}
      <form
        class="care-contact"
        onSubmit={(event) => {
          event.preventDefault();
          void send('/away', { from, until });
        }}
      >
        <div class="field">
          <label for="away-from">{say('첫날', 'First day')}</label>
          <input
            id="away-from"
            class="input"
            type="date"
            required
            value={from}
            onInput={(event) => setFrom(event.currentTarget.value)}
            data-testid="away-from"
          />
        </div>
        <div class="field">
          <label for="away-until">{say('마지막 날', 'Last day')}</label>
          <input
            id="away-until"
            class="input"
            type="date"
            required
            min={from}
            value={until}
            onInput={(event) => setUntil(event.currentTarget.value)}
            data-testid="away-until"
          />
        </div>
        <button type="submit" class="button plain" data-testid="away-set">
          {say('비움으로 두기', 'Set')}
        </button>
      </form>
    </section>
  );
}
