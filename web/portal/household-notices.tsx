// What goes on at one's own place that one should know: a leak, a burst, frost.
import { shortDateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Notice } from '../shared/notices.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import type { HouseholdNotice } from '../shared/service-types.ts';

const refresh_ms = 60_000;

/** Nothing where there is nothing, or it can't be asked: the page has more to say. */
export function HouseholdNotices() {
  const { say, pick, language } = useSpeech();
  const [remote] = useRemote<{ notices: HouseholdNotice[] }>(
    (signal) => askService('/api/portal/notices', undefined, signal),
    ['notices'],
    refresh_ms,
  );
  if (remote.state !== 'ready') return null;
  return (
    <>
      {remote.value.notices.map((notice) => (
        <Notice
          key={notice.kind + notice.began_at}
          tone={notice.ended_at === null ? 'warn' : 'calm'}
          testId="household-notice"
        >
          <strong>
            {pick(notice.label)} ·{' '}
            {notice.ended_at === null
              ? say(
                  `${shortDateTime(notice.began_at, language)}부터 계속`,
                  `since ${shortDateTime(notice.began_at, language)}`,
                )
              : say(
                  `${shortDateTime(notice.ended_at, language)}에 끝남`,
                  `over since ${shortDateTime(notice.ended_at, language)}`,
                )}
          </strong>
          {notice.ended_at === null ? <span>{pick(notice.advice)}</span> : null}
        </Notice>
      ))}
    </>
  );
}
