// What looks wrong with devices: shown until somebody has seen to it.
import { useState } from 'preact/hooks';
import { shortDateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { ProblemNotice } from '../shared/notices.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { DeviceEvent } from '../shared/service-types.ts';
import { term } from '../shared/terms.ts';
import { deviceEventText } from './device-event-words.ts';
import { linkTo } from './route.ts';

const refresh_ms = 15_000;

export function DeviceEvents() {
  const { say, pick, language } = useSpeech();
  const [events, again] = useRemote<{ events: DeviceEvent[] }>(
    (signal) => askService('/api/utility/device-events?open=true', undefined, signal),
    ['device-events'],
    refresh_ms,
  );
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  if (events.state === 'failed') return <ProblemNotice problem={events.problem} again={again} />;
  if (events.state === 'loading' || events.value.events.length === 0) return null;

  const close = async (id: string): Promise<void> => {
    setProblem(null);
    try {
      await askService(`/api/utility/device-events/${encodeURIComponent(id)}/close`, {});
      again();
    } catch (error) {
      setProblem(asServiceProblem(error));
    }
  };
  return (
    <section class="card" aria-labelledby="events-title">
      <div class="stack">
        <h2 id="events-title">{say('살펴볼 장치', 'To be looked at')}</h2>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <ul class="issued">
          {events.value.events.map((event) => (
            <li class="issued-row" key={event.id} data-testid="device-event" data-kind={event.kind}>
              <div>
                <span class="badge bad">{pick(term('device_event', event.kind))}</span>{' '}
                <a href={linkTo({ page: 'device', id: event.device_id })}>{event.device_id}</a>
                <p class="small">{pick(deviceEventText(event.detail))}</p>
                <p class="small soft">
                  {say(
                    `${event.times}번, 마지막 ${shortDateTime(event.last_at, language)}`,
                    `${event.times} times, last ${shortDateTime(event.last_at, language)}`,
                  )}
                </p>
              </div>
              <button
                type="button"
                class="button plain quiet"
                onClick={() => close(event.id)}
                data-testid="event-close"
              >
                {say('확인함', 'Seen to')}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
