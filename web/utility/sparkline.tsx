// A line as small as a word; where a value is not known it is broken.

const width = 120;
const height = 28;
const rim = 2;

export function Sparkline({ values, label }: { values: readonly (number | null)[]; label: string }) {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  const most = Math.max(...known, Number.MIN_VALUE);
  const x = (index: number) => rim + (index / Math.max(1, values.length - 1)) * (width - 2 * rim);
  const y = (value: number) => height - rim - (Math.max(0, value) / most) * (height - 2 * rim);
  let path = '';
  let drawing = false;
  for (const [index, value] of values.entries()) {
    if (value !== null) path += `${drawing ? 'L' : 'M'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    // A night alone between two that are not known would be a line of no length.
    if (value !== null && !drawing) path += 'h0.01';
    drawing = value !== null;
  }
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        stroke-width="2"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
