// The end of a list that comes a page at a time: what went wrong, that there is nothing, that more is coming or can be asked.
import { useSpeech } from './language.tsx';
import { Empty, Loading, ProblemNotice } from './notices.tsx';
import type { Pages } from './pages.ts';

export function PageTail({ pages, nothing }: { pages: Pages<unknown>; nothing: string | null }) {
  const { say } = useSpeech();
  return (
    <>
      {pages.state === 'failed' ? <ProblemNotice problem={pages.problem} again={pages.again} /> : null}
      {pages.state === 'ready' && nothing !== null ? <Empty>{nothing}</Empty> : null}
      {pages.state === 'loading' ? <Loading /> : null}
      {pages.more === null ? null : (
        <button type="button" class="button plain" onClick={pages.more} data-testid="load-more">
          {say('더 보기', 'Load more')}
        </button>
      )}
    </>
  );
}
