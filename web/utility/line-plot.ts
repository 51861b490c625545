// Draws lines over days with uPlot, broken where a value is not known.
import uPlot from 'uplot';

export interface Line {
  /** A custom property of the page's colours. */
  colour: string;
  dashed: boolean;
  values: readonly (number | null)[];
}

export interface LinePlotInput {
  place: HTMLElement;
  lines: readonly Line[];
  /** Name under the axis. */
  tick: (index: number) => string;
  unit: string;
  point: (index: number | null) => void;
}

const height_px = 240;
const tickRoom_px = 84;

export function drawLines({ place, lines, tick, unit, point }: LinePlotInput): uPlot {
  const style = getComputedStyle(place);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const font = `13px ${colour('--font')}`;
  const axis = { stroke: colour('--ink-soft'), font, ticks: { show: false } };
  const count = lines[0]?.values.length ?? 0;
  const splits = (plot: uPlot): number[] => {
    const step = Math.max(1, Math.ceil(count / Math.max(2, Math.floor(plot.width / tickRoom_px))));
    return Array.from({ length: count }, (_, index) => index).filter((index) => (count - 1 - index) % step === 0);
  };
  const options: uPlot.Options = {
    width: Math.max(240, place.clientWidth),
    height: height_px,
    padding: [12, 34, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false, setScale: false }, y: false },
    scales: {
      x: { time: false, range: [-0.5, Math.max(count - 0.5, 0.5)] },
      y: { range: (_plot, low, high) => [Math.min(0, (low ?? 0) * 1.08), Math.max((high ?? 0) * 1.08, 0.01)] },
    },
    axes: [
      { ...axis, size: 36, grid: { show: false }, splits, values: (_plot, at) => at.map(tick) },
      {
        ...axis,
        size: 78,
        grid: { stroke: colour('--line'), width: 1 },
        values: (_plot, at) => at.map((value) => `${value.toLocaleString()} ${unit}`),
      },
    ],
    series: [
      {},
      ...lines.map(
        (line): uPlot.Series => ({
          stroke: colour(line.colour),
          width: 2,
          ...(line.dashed ? { dash: [7, 5] } : {}),
          points: { show: count <= 62, size: 5, fill: colour(line.colour) },
          spanGaps: false,
        }),
      ),
    ],
    hooks: { setCursor: [(plot) => point(plot.cursor.idx ?? null)] },
  };
  return new uPlot(
    options,
    [Array.from({ length: count }, (_, index) => index), ...lines.map(({ values }) => [...values])],
    place,
  );
}
