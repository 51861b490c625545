// A value that comes from the service: loading, ready or failed, asked again on demand or at an interval.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { asServiceProblem, type ServiceProblem } from './service-client.ts';

export type Remote<T> =
  | { state: 'loading' }
  | { state: 'ready'; value: T }
  | { state: 'failed'; problem: ServiceProblem };

/**
 * Loads when any of `keys` changes. An answer that says the same as the last one changes nothing on the page. The value of the last answer stays while it is asked again at an interval.
 * @param every_ms asks again after this long; `null` or absent: once. A failed repetition keeps the
 *   last value, unless the person may not see it any more.
 * @param settled whether a value will not change any more, so that it is not asked for again.
 */
export function useRemote<T>(
  load: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
  every_ms: number | null = null,
  settled: (value: T) => boolean = () => false,
): [Remote<T>, () => void] {
  const [remote, setRemote] = useState<Remote<T>>({ state: 'loading' });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const enough = useRef(settled);
  enough.current = settled;
  const key = JSON.stringify(keys);
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let had = false;
    let said: string | undefined;
    setRemote({ state: 'loading' });
    const ask = async (): Promise<void> => {
      try {
        const value = await latest.current(stop.signal);
        if (stop.signal.aborted) return;
        const saying = every_ms === null ? undefined : JSON.stringify(value);
        if (!had || saying !== said) setRemote({ state: 'ready', value });
        said = saying;
        had = true;
        if (enough.current(value)) return;
      } catch (error) {
        if (stop.signal.aborted) return;
        const problem = asServiceProblem(error);
        const noLongerAllowed = problem.status === 401 || problem.status === 403;
        if (!had || noLongerAllowed) setRemote({ state: 'failed', problem });
        if (noLongerAllowed) return;
      }
      if (every_ms !== null) timer = setTimeout(ask, every_ms);
    };
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [key, turn, every_ms]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  return [remote, again];
}
