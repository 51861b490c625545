// What a person sees while something long runs: one line a step, rewritten in place on a terminal only.
import type { WriteStream } from 'node:tty';

export interface Progress {
  /** Runs one step under a name; says how long it took. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
}

export function createProgress(out: NodeJS.WritableStream = process.stderr): Progress {
  const terminal = (out as WriteStream).isTTY === true;
  return {
    async step(name, work) {
      if (terminal) out.write(`  … ${name}`);
      const begun_ms = performance.now();
      try {
        const result = await work();
        out.write(`${terminal ? '\r\x1b[K' : ''}  ✓ ${name} (${seconds(performance.now() - begun_ms)})\n`);
        return result;
      } catch (error) {
        out.write(`${terminal ? '\r\x1b[K' : ''}  ✗ ${name}\n`);
        throw error;
      }
    },
  };
}

function seconds(duration_ms: number): string {
  return `${(duration_ms / 1000).toFixed(1)} s`;
}
