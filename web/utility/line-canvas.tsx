// Lines over days as a chart: fitted to the width there is, in dark and light, read with the arrow keys.
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { useSpeech } from '../shared/language.tsx';
import { pointAt } from '../shared/use-plot.ts';
import { drawLines, type Line } from './line-plot.ts';
import 'uplot/dist/uPlot.min.css';

export interface LineCanvasProps {
  name: string;
  lines: readonly Line[];
  tick: (index: number) => string;
  unit: string;
  /** What stands below the chart for a day that is pointed at. */
  readout: (index: number) => string;
  testId: string;
}

export function LineCanvas({ name, lines, tick, unit, readout, testId }: LineCanvasProps) {
  const { say, language } = useSpeech();
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | null>(null);
  const [index, setIndex] = useState<number | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const media = matchMedia('(prefers-color-scheme: dark)');
    const change = (): void => setTurn((before) => before + 1);
    media.addEventListener('change', change);
    return () => media.removeEventListener('change', change);
  }, []);
  // The drawing takes its colours from the page, and its words from the language.
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const plot = drawLines({ place: element, lines, tick, unit, point: setIndex });
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
  }, [lines, unit, language, turn]);

  const count = lines[0]?.values.length ?? 0;
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = index ?? count;
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: count - 1 }[event.key];
    if (next === undefined || drawn.current === null) return;
    event.preventDefault();
    pointAt(drawn.current, Math.min(count - 1, Math.max(0, next)));
  };
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a chart is no fieldset */}
      <div
        ref={place}
        class="line-chart"
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys read the chart day by day
        tabIndex={0}
        aria-label={`${name}. ${say('좌우 화살표로 하나씩 읽을 수 있습니다.', 'Read it one by one with the left and right arrow keys.')}`}
        data-testid={testId}
        onKeyDown={onKeyDown}
      />
      <p class="use-readout" role="status">
        {index === null
          ? say('선을 가리키거나 화살표 키로 값을 읽어 보세요.', 'Point at a line, or use the arrow keys, to read it.')
          : readout(index)}
      </p>
    </>
  );
}
