// Runs a program of this checkout and hands back what it printed.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../src/platform/package-root.ts';

export interface Outcome {
  code: number | null;
  /** Standard output and standard error together. */
  output: string;
}

/** `program`: name below node_modules/.bin. */
export function runProgram(program: string, args: string[], cwd = packageRoot): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(packageRoot, 'node_modules', '.bin', program), args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
