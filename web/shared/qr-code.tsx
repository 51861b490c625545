// A QR code as one SVG path, always dark on white so that any camera reads it.
import { correction, generate } from 'lean-qr';
import { toSvgPath } from 'lean-qr/extras/svg';
import { useMemo } from 'preact/hooks';

const quietZone_modules = 4;

export function QrCode({ content, label, testId }: { content: string; label: string; testId?: string }) {
  const drawn = useMemo(() => {
    const code = generate(content, { minCorrectionLevel: correction.L, maxCorrectionLevel: correction.M });
    return { path: toSvgPath(code), size: code.size + 2 * quietZone_modules };
  }, [content]);
  return (
    <svg
      class="qr"
      role="img"
      aria-label={label}
      viewBox={`${-quietZone_modules} ${-quietZone_modules} ${drawn.size} ${drawn.size}`}
      shape-rendering="crispEdges"
      data-testid={testId}
      data-content={content}
    >
      <rect x={-quietZone_modules} y={-quietZone_modules} width={drawn.size} height={drawn.size} fill="#fff" />
      <path d={drawn.path} fill="#0a1a20" />
    </svg>
  );
}
