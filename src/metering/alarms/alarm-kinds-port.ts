// The kinds of alarms there are: every file of the folder kinds/, by name. A new kind is a file there and nothing else.
import { readdir } from 'node:fs/promises';
import type { AlarmKind } from './alarm-kind.ts';

const folder = new URL('./kinds/', import.meta.url);

/** @throws where a file there is no kind, or two name the same */
export async function loadAlarmKinds(): Promise<AlarmKind[]> {
  const names = (await readdir(folder)).filter((name) => /^[a-z-]+\.(ts|js)$/.test(name)).sort();
  const kinds: AlarmKind[] = [];
  for (const name of names) {
    const { kind } = (await import(new URL(name, folder).href)) as { kind?: AlarmKind };
    if (typeof kind?.look !== 'function') throw new Error(`${name} exports no kind of alarm`);
    if (kinds.some((other) => other.kind === kind.kind)) throw new Error(`there are two kinds of alarms ${kind.kind}`);
    kinds.push(kind);
  }
  return kinds;
}
