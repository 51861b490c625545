// A list that comes a page at a time: the first on opening, each further one when asked for.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { asServiceProblem, type ServiceProblem } from './service-client.ts';

type Progress = { state: 'loading' } | { state: 'ready' } | { state: 'failed'; problem: ServiceProblem };

export type Pages<P> = Progress & {
  loaded: readonly P[];
  /** Loads the next page; `null` when there is none, or while one is on its way. */
  more: (() => void) | null;
  /** Starts over from the first page. */
  again: () => void;
};

/** Starts over when any of `keys` changes; the old pages stay until the first new one is there. */
export function usePages<P extends { next_cursor: string | null }>(
  load: (cursor: string | null, signal: AbortSignal) => Promise<P>,
  keys: readonly unknown[],
): Pages<P> {
  const [loaded, setLoaded] = useState<readonly P[]>([]);
  const [progress, setProgress] = useState<Progress>({ state: 'loading' });
  const [turn, setTurn] = useState(0);
  const stop = useRef(new AbortController());
  const latest = useRef(load);
  latest.current = load;
  const key = JSON.stringify(keys);

  const ask = useCallback(async (cursor: string | null): Promise<void> => {
    const { signal } = stop.current;
    setProgress({ state: 'loading' });
    try {
      const page = await latest.current(cursor, signal);
      if (signal.aborted) return;
      setLoaded((before) => (cursor === null ? [page] : [...before, page]));
      setProgress({ state: 'ready' });
    } catch (error) {
      if (!signal.aborted) setProgress({ state: 'failed', problem: asServiceProblem(error) });
    }
  }, []);
  useEffect(() => {
    stop.current = new AbortController();
    const mine = stop.current;
    void ask(null);
    return () => mine.abort();
  }, [key, turn, ask]);

  const cursor = loaded.at(-1)?.next_cursor ?? null;
  return {
    ...progress,
    loaded,
    more: progress.state === 'ready' && cursor !== null ? () => void ask(cursor) : null,
    again: () => setTurn(turn + 1),
  };
}
