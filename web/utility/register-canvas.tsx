// Registers over time, drawn with uPlot: those that count as a line, the others as marks beside it; a finding is shaded.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { cubicMetres, homeTimeZone, shortDateTime, zoneAhead_ms } from '../shared/format.ts';
import { type Language, useSpeech } from '../shared/language.tsx';
import { useDarkness } from '../shared/use-canvas.tsx';
import type { ShownRegister } from './findings.ts';
import 'uplot/dist/uPlot.min.css';

const height_px = 240;

export interface RegisterCanvasProps {
  registers: readonly ShownRegister[];
  marked: { from: string; to: string };
  span: { from: string; to: string };
}

export function RegisterCanvas({ registers, marked, span }: RegisterCanvasProps) {
  const { say, language } = useSpeech();
  const place = useRef<HTMLDivElement>(null);
  const dark = useDarkness();
  // Darkness changes the colours that are read from the page.
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const plot = drawRegisters(element, { registers, marked, span }, language);
    const watch = new ResizeObserver(() =>
      plot.setSize({ width: Math.max(240, element.clientWidth), height: height_px }),
    );
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [registers, marked.from, marked.to, span.from, span.to, language, dark]);
  const odd = registers.filter(({ state }) => state !== 'counts');
  return (
    <>
      <div
        ref={place}
        class="use-canvas"
        role="img"
        aria-label={say(`지침 ${registers.length}개의 차트`, `Chart of ${registers.length} registers`)}
        data-testid="register-chart"
      />
      <p class="small soft">
        {say(
          '선: 쓰이는 지침. ×: 쓰이지 않거나 무효로 한 지침. ◆: 직원이나 설치 기사가 적은 지침. 띠: 찾은 곳.',
          'Line: registers that count. ×: left out or voided. ◆: set by staff or read off by a fitter. Band: the finding.',
        )}
      </p>
      {odd.length === 0 ? null : (
        <details>
          <summary>{say(`쓰이지 않거나 적은 지침 ${odd.length}개`, `${odd.length} left out or set`)}</summary>
          <ul class="finding-odd">
            {odd.map((one) => (
              <li key={`${one.at} ${one.register_l} ${one.state}`}>
                {shortDateTime(one.at, language)} · {cubicMetres(one.register_l)} m³ ·{' '}
                {
                  {
                    counts: '',
                    left_out: say('쓰이지 않음', 'left out'),
                    voided: say('무효', 'voided'),
                    set: say('직원이 적음', 'set by staff'),
                    read_off: say('기사가 읽음', 'read off'),
                  }[one.state]
                }
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function drawRegisters(
  place: HTMLElement,
  { registers, marked, span }: RegisterCanvasProps,
  language: Language,
): uPlot {
  const colour = (name: string): string => getComputedStyle(place).getPropertyValue(name).trim();
  const seconds = (iso: string) => Date.parse(iso) / 1_000;
  const values = (states: readonly ShownRegister['state'][]) =>
    registers.map(({ register_l, state }) => (states.includes(state) ? register_l / 1_000 : null));
  const axis = { stroke: colour('--ink-soft'), font: `13px ${colour('--font')}`, ticks: { show: false } };
  const shade = (plot: uPlot): void => {
    const left = plot.valToPos(seconds(marked.from), 'x', true);
    const right = plot.valToPos(seconds(marked.to), 'x', true);
    plot.ctx.fillStyle = colour('--warn-soft');
    plot.ctx.fillRect(left - 2, plot.bbox.top, right - left + 4, plot.bbox.height);
  };
  return new uPlot(
    {
      width: Math.max(240, place.clientWidth),
      height: height_px,
      padding: [12, 8, 0, 0],
      tzDate: (at_s) => uPlot.tzDate(new Date(at_s * 1_000), homeTimeZone),
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false } },
      scales: {
        x: { time: true, range: [seconds(span.from), seconds(span.to)] },
        y: { range: () => rangeOf(registers) },
      },
      axes: [
        {
          ...{ ...axis, grid: { show: false } },
          values: (_plot, splits) => splits.map((at_s) => tickOf(at_s, language)),
        },
        {
          ...{ ...axis, size: 86, grid: { stroke: colour('--line'), width: 1 } },
          values: (_plot, splits) => splits.map((value) => `${value.toLocaleString()} m³`),
        },
      ],
      series: [
        {},
        { stroke: colour('--water'), width: 2, spanGaps: true, points: { show: registers.length < 200, size: 4 } },
        marksOf('×', colour('--bad')),
        marksOf('◆', colour('--warn')),
      ],
      hooks: { drawClear: [shade] },
    },
    [
      registers.map(({ at }) => seconds(at)),
      values(['counts', 'set', 'read_off']),
      values(['left_out', 'voided']),
      values(['set', 'read_off']),
    ],
    place,
  );
}

/** Of the registers that count, with a tenth of room; of all where none does. */
function rangeOf(registers: readonly ShownRegister[]): [number, number] {
  const counting = registers.filter(({ state }) => state !== 'left_out' && state !== 'voided');
  const values = (counting.length > 0 ? counting : registers).map(({ register_l }) => register_l / 1_000);
  const [least, most] = values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
  const room = Math.max((most - least) / 10, 0.001);
  return [least - room, most + room];
}

/** The hour; the day at midnight. */
function tickOf(at_s: number, language: Language): string {
  const hour = new Date(at_s * 1_000 + zoneAhead_ms(at_s * 1_000, homeTimeZone)).getUTCHours();
  if (hour !== 0) return language === 'ko' ? `${hour}시` : `${hour}:00`;
  const day = new Intl.DateTimeFormat('en-US', { month: 'numeric', day: 'numeric', timeZone: homeTimeZone });
  return day.format(new Date(at_s * 1_000));
}

/** No line: a sign at each value. */
function marksOf(sign: string, stroke: string): uPlot.Series {
  return {
    ...{ stroke, width: 0, paths: () => null },
    points: {
      show: (plot, series) => {
        plot.ctx.save();
        plot.ctx.fillStyle = stroke;
        plot.ctx.font = `bold ${16 * devicePixelRatio}px sans-serif`;
        plot.ctx.textAlign = 'center';
        plot.ctx.textBaseline = 'middle';
        plot.data[series]?.forEach((value, index) => {
          const at = plot.data[0][index];
          if (value === null || value === undefined || at === undefined) return;
          // A stray far off stands at the edge: the registers that count keep their height.
          const y = Math.min(
            Math.max(plot.valToPos(value, 'y', true), plot.bbox.top),
            plot.bbox.top + plot.bbox.height,
          );
          plot.ctx.fillText(sign, plot.valToPos(at, 'x', true), y);
        });
        plot.ctx.restore();
        return false;
      },
    },
  };
}
