// A disk that can be full: a tmpfs of a few megabytes, where the system lets one be mounted.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** Takes all the room that is left. */
  fill(): void;
  /** Gives it back. */
  empty(): void;
  unmount(): void;
}

/** Null after saying loudly that the tests with it are skipped: mounting takes root. */
export function mountSmallDisk(folder: string, size_mb: number): SmallDisk | null {
  mkdirSync(folder, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size_mb}m`, 'tmpfs', folder], { timeout: 60_000 });
  if (mounted.status !== 0) {
    console.warn('\n*** FULL-DISK TESTS SKIPPED: a tmpfs can not be mounted here; run them as root ***\n');
    return null;
  }
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill() {
      const file = openSync(ballast, 'a');
      const block = Buffer.alloc(65_536);
      for (let size = block.length; size >= 512; ) {
        try {
          if (writeSync(file, block, 0, size) < size) size = Math.floor(size / 2);
        } catch {
          size = Math.floor(size / 2);
        }
      }
      closeSync(file);
    },
    empty: () => rmSync(ballast, { force: true }),
    unmount: () => void spawnSync('umount', ['-l', folder], { timeout: 60_000 }),
  };
}
