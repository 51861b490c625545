// One line on a terminal that is written over as work goes on; silent where nobody watches.
import type { Writable } from 'node:stream';

export interface ProgressLine {
  show(text: string): void;
  /** Clears the line, so that the summary stands alone. */
  clear(): void;
}

const between_ms = 200;

export function progressLine(to: Writable & { isTTY?: boolean }, now_ms: () => number): ProgressLine {
  if (to.isTTY !== true) return { show: () => undefined, clear: () => undefined };
  let shown_ms = 0;
  return {
    show(text) {
      if (now_ms() - shown_ms < between_ms) return;
      shown_ms = now_ms();
      to.write(`\r\x1b[K${text}`);
    },
    clear: () => to.write('\r\x1b[K'),
  };
}
