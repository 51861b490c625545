// Draws use as bars on a canvas with uPlot; stretches of which nothing is known are shaded, never drawn as zero.
import uPlot from 'uplot';
import type { Resolution } from './service-types.ts';

export interface PlotInput {
  place: HTMLElement;
  /** Litres per interval. */
  use_l: readonly (number | null)[];
  /** Whether an interval is estimated, wholly or in part. */
  estimated: readonly boolean[];
  /** Indices of intervals that are pointed out, both ends included. */
  marked: { first: number; last: number } | null;
  resolution: Resolution;
  /** Local hour (0–23) at which each interval starts. */
  hours: readonly number[];
  /** Name under the axis for the interval. */
  tick: (index: number) => string;
  unit: string;
  point: (index: number | null) => void;
}

const height_px = 260;
const tickRoom_px = 72;

function cssColour(of: HTMLElement, name: string): string {
  return getComputedStyle(of).getPropertyValue(name).trim();
}

/** Indices that carry a name: whole parts of a day for hours, even steps from the newest for days. */
function ticksFor(input: PlotInput, width_px: number): number[] {
  const count = input.use_l.length;
  const most = Math.max(2, Math.floor(width_px / tickRoom_px));
  const all = Array.from({ length: count }, (_unused, index) => index);
  if (input.resolution === 'hour') {
    for (const step of [1, 3, 6, 12, 24]) {
      const chosen = all.filter((index) => (input.hours[index] ?? 0) % step === 0);
      if (chosen.length <= most || step === 24) return chosen;
    }
  }
  const step = Math.max(1, Math.ceil(count / most));
  return all.filter((index) => (count - 1 - index) % step === 0);
}

export function drawUse(input: PlotInput): uPlot {
  const { place, use_l, estimated, marked } = input;
  const colour = (name: string): string => cssColour(place, name);
  const font = `13px ${cssColour(place, '--font')}`;
  const axis = { stroke: colour('--ink-soft'), font, ticks: { show: false } };
  const shade = colour('--surface-sunk');
  const shadeUnknown = (plot: uPlot): void => {
    plot.ctx.save();
    plot.ctx.fillStyle = shade;
    use_l.forEach((value, index) => {
      if (value !== null) return;
      const left = plot.valToPos(index - 0.5, 'x', true);
      const right = plot.valToPos(index + 0.5, 'x', true);
      plot.ctx.fillRect(left, plot.bbox.top, right - left, plot.bbox.height);
    });
    if (marked !== null) {
      const left = plot.valToPos(marked.first - 0.5, 'x', true);
      const right = plot.valToPos(marked.last + 0.5, 'x', true);
      plot.ctx.fillStyle = colour('--warn-soft');
      plot.ctx.fillRect(left, plot.bbox.top, right - left, plot.bbox.height);
    }
    plot.ctx.restore();
  };
  const bars: uPlot.Series = {
    ...(uPlot.paths.bars === undefined ? {} : { paths: uPlot.paths.bars({ size: [0.72, 36], radius: 0.12 }) }),
    points: { show: false },
  };
  const measured = use_l.map((value, index) => (estimated[index] === true ? null : value));
  const guessed = use_l.map((value, index) => (estimated[index] === true ? value : null));
  const options: uPlot.Options = {
    width: Math.max(240, place.clientWidth),
    height: height_px,
    padding: [12, 8, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { show: false } },
    scales: {
      x: { time: false, range: [-0.5, Math.max(use_l.length - 0.5, 0.5)] },
      y: { range: (_plot, _low, high) => [Math.min(0, _low ?? 0), Math.max(high ?? 0, 1) * 1.08] },
    },
    axes: [
      {
        ...axis,
        size: 36,
        grid: { show: false },
        splits: (plot) => ticksFor(input, plot.width),
        values: (_plot, splits) => splits.map(input.tick),
      },
      {
        ...axis,
        size: 62,
        grid: { stroke: colour('--line'), width: 1 },
        values: (_plot, splits) => splits.map((value) => `${value.toLocaleString()} ${input.unit}`),
      },
    ],
    series: [
      {},
      { ...bars, stroke: colour('--ripple'), fill: colour('--ripple'), width: 0 },
      // What was not measured must not look as if it had been.
      { ...bars, stroke: colour('--focus'), fill: colour('--focus'), width: 0 },
    ],
    hooks: {
      drawClear: [shadeUnknown],
      setCursor: [(plot) => input.point(plot.cursor.idx ?? null)],
    },
  };
  return new uPlot(options, [use_l.map((_value, index) => index), measured, guessed], place);
}

/** Puts the cursor on an interval, as an arrow key does. */
export function pointAt(plot: uPlot, index: number): void {
  plot.setCursor({ left: plot.valToPos(index, 'x'), top: 10 });
}
