// Links to files of use: of the last year by the hour, of the last years by the day.
import type { ComponentChildren } from 'preact';
import { systemClock } from '../../src/platform/clock.ts';
import { homeTimeZone } from './format.ts';
import { useSpeech } from './language.tsx';
import { lastDays } from './use-summary.ts';

/** Of the last days, as a query. */
export function queryOfLast(days: number, more: Record<string, string> = {}): string {
  return new URLSearchParams({ ...more, ...lastDays(days, systemClock.now_ms(), homeTimeZone) }).toString();
}

/** The first of so many days, the running one being the last: `2026-03-01`. */
export function firstDayOfLast(days: number): string {
  const at = new Date(systemClock.now_ms() - days * 86_400_000);
  return new Intl.DateTimeFormat('sv-SE', { timeZone: homeTimeZone }).format(at);
}

/** @param path of the service's use route. @param children further links */
export function UseDownloads({ path, children }: { path: string; children?: ComponentChildren }) {
  const { say } = useSpeech();
  return (
    <Downloads>
      <DownloadLink href={`${path}.csv?${queryOfLast(366, { resolution: 'hour' })}`}>
        {say('시간별 CSV (1년)', 'Hourly CSV (1 year)')}
      </DownloadLink>
      <DownloadLink href={`${path}.csv?${queryOfLast(3_650, { resolution: 'day' })}`}>
        {say('일별 CSV (10년)', 'Daily CSV (10 years)')}
      </DownloadLink>
      {children}
    </Downloads>
  );
}

export function Downloads({ children }: { children: ComponentChildren }) {
  const { say } = useSpeech();
  return (
    <nav class="row use-downloads" aria-label={say('내려받기', 'Download')}>
      <span class="small soft">{say('내려받기', 'Download')}</span>
      {children}
    </nav>
  );
}

export function DownloadLink({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <a class="button plain quiet" href={href} download>
      {children}
    </a>
  );
}
