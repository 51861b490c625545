// The form for an offer of a water account credential: role and period; the service fills in the rest.
import { useEffect, useRef, useState } from 'preact/hooks';
import { systemClock } from '../../src/platform/clock.ts';
import { homeTimeZone, zoneAhead_ms } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { ProblemNotice } from '../shared/notices.tsx';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { MadeOffer } from '../shared/service-types.ts';

export interface OfferFormProps {
  path: string;
  onMade: (offer: MadeOffer) => void;
  onCancel: () => void;
}

function today(): string {
  const now_ms = systemClock.now_ms();
  return new Date(now_ms + zoneAhead_ms(now_ms, homeTimeZone)).toISOString().slice(0, 10);
}

export function OfferForm({ path, onMade, onCancel }: OfferFormProps) {
  const { say } = useSpeech();
  const [role, setRole] = useState('owner');
  const [from, setFrom] = useState(today);
  const [until, setUntil] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  const first = useRef<HTMLSelectElement>(null);
  useEffect(() => first.current?.focus(), []);
  const backwards = until !== '' && until < from;

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (backwards || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const claims = { role, from, ...(until === '' ? {} : { until }) };
      onMade(await askService<MadeOffer>(path, { type: 'water-account', claims }));
    } catch (error) {
      setProblem(asServiceProblem(error));
      setBusy(false);
    }
  };

  return (
    <form class="offer-form" onSubmit={submit} aria-label={say('발급 안내', 'Offer')}>
      <div class="field">
        <label for="offer-role">{say('자격', 'Role')}</label>
        <select
          id="offer-role"
          class="input"
          ref={first}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value)}
        >
          <option value="owner">{say('소유자', 'Owner')}</option>
          <option value="occupant">{say('거주자', 'Occupant')}</option>
        </select>
      </div>
      <div class="field">
        <label for="offer-from">{say('시작한 날', 'From')}</label>
        <input
          id="offer-from"
          class="input"
          type="date"
          required
          value={from}
          onInput={(event) => setFrom(event.currentTarget.value)}
          data-testid="offer-from"
        />
      </div>
      <div class="field">
        <label for="offer-until">{say('끝나는 날 (없으면 비움)', 'Until (leave empty if open)')}</label>
        <input
          id="offer-until"
          class="input"
          type="date"
          value={until}
          aria-invalid={backwards}
          aria-describedby={backwards ? 'offer-until-wrong' : undefined}
          onInput={(event) => setUntil(event.currentTarget.value)}
          data-testid="offer-until"
        />
        {backwards ? (
          <span id="offer-until-wrong" class="field-wrong" role="alert">
            {say('끝나는 날이 시작한 날보다 앞섭니다.', 'This is before the first day.')}
          </span>
        ) : null}
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div class="row wide">
        <button type="submit" class="button" disabled={busy} data-testid="offer-submit">
          {busy ? say('만드는 중…', 'Making…') : say('만들기', 'Make')}
        </button>
        <button type="button" class="button plain" onClick={onCancel}>
          {say('취소', 'Cancel')}
        </button>
      </div>
    </form>
  );
}
