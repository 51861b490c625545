// The chart itself: drawn to the width there is, redrawn in dark and light, readable with the arrow keys.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { intervalName, litres, zoneAhead_ms } from './format.ts';
import { useSpeech } from './language.tsx';
import type { Use } from './service-types.ts';
import { drawUse, pointAt } from './use-plot.ts';
import 'uplot/dist/uPlot.min.css';

export interface UseCanvasProps {
  use: Use;
  summary: string;
  /** Instants between which something is pointed out. */
  marked?: { from: string; to: string };
}

export function UseCanvas({ use, summary, marked }: UseCanvasProps) {
  const { say, language } = useSpeech();
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | null>(null);
  const [index, setIndex] = useState<number | null>(null);
  const dark = useDarkness();
  const [markedFrom, markedTo] = [marked?.from ?? null, marked?.to ?? null];
  const shown = useMemo(
    () => ({ ...inputOf(use, language), marked: markedOf(use, markedFrom, markedTo) }),
    [use, language, markedFrom, markedTo],
  );

  // Darkness changes the colours that are read from the page.
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const plot = drawUse({ place: element, ...shown, unit: 'L', point: setIndex });
    drawn.current = plot;
    const watch = new ResizeObserver(() => {
      plot.setSize({ width: Math.max(240, element.clientWidth), height: plot.height });
    });
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
      drawn.current = null;
    };
  }, [shown, dark]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const last = use.intervals.length - 1;
    const at = index ?? last + 1;
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (next === undefined || drawn.current === null) return;
    event.preventDefault();
    pointAt(drawn.current, Math.min(last, Math.max(0, next)));
  };

  const interval = index === null ? undefined : use.intervals[index];
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a chart is no fieldset */}
      <div
        ref={place}
        class="use-canvas"
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys read the chart interval by interval
        tabIndex={0}
        aria-label={`${say('사용량 차트', 'Chart of use')}. ${summary} ${say('좌우 화살표로 하나씩 읽을 수 있습니다.', 'Read it one by one with the left and right arrow keys.')}`}
        data-testid="use-chart"
        data-intervals={use.intervals.length}
        onKeyDown={onKeyDown}
      />
      <p class="use-readout" role="status">
        {interval === undefined
          ? say('막대를 가리키거나 화살표 키로 값을 읽어 보세요.', 'Point at a bar, or use the arrow keys, to read it.')
          : `${intervalName(interval.start, use.resolution, language, use.time_zone)} · ${
              interval.use_l === null ? say('자료 없음', 'not known') : litres(interval.use_l, language)
            }${interval.estimated_l === undefined ? '' : say(' (추정)', ' (estimated)')}`}
      </p>
    </>
  );
}

function inputOf(use: Use, language: 'ko' | 'en') {
  const hours = use.intervals.map(({ start }) => {
    const at_ms = Date.parse(start);
    return new Date(at_ms + zoneAhead_ms(at_ms, use.time_zone)).getUTCHours();
  });
  const tick = (index: number): string => {
    const start = use.intervals[index]?.start;
    if (start === undefined) return '';
    const hour = hours[index] ?? 0;
    if (use.resolution === 'hour' && hour !== 0) return language === 'ko' ? `${hour}시` : `${hour}:00`;
    const day = new Intl.DateTimeFormat('en-US', { month: 'numeric', day: 'numeric', timeZone: use.time_zone });
    return day.format(new Date(start));
  };
  const estimated = use.intervals.map(({ estimated_l }) => estimated_l !== undefined);
  return { use_l: use.intervals.map(({ use_l }) => use_l), estimated, resolution: use.resolution, hours, tick };
}

/** The intervals that lie between two instants, if only in part. */
function markedOf(use: Use, from: string | null, to: string | null): { first: number; last: number } | null {
  if (from === null || to === null) return null;
  const [from_ms, to_ms] = [Date.parse(from), Date.parse(to)];
  const within = use.intervals.flatMap(({ start, end }, index) =>
    Date.parse(end) > from_ms && Date.parse(start) < Math.max(to_ms, from_ms + 1) ? [index] : [],
  );
  const [first, last] = [within[0], within.at(-1)];
  return first === undefined || last === undefined ? null : { first, last };
}

export function useDarkness(): boolean {
  const [dark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  useEffect(() => {
    const media = matchMedia('(prefers-color-scheme: dark)');
    const change = (): void => setDark(media.matches);
    media.addEventListener('change', change);
    return () => media.removeEventListener('change', change);
  }, []);
  return dark;
}
