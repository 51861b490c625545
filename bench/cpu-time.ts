// Processor time of processes that are not ours to ask, as Linux keeps it. Source: proc_pid_stat(5)
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, which is 100 on every architecture that Node.js runs on. */
const TICKS_per_s = 100;

interface ProcessTimes {
  parent: number;
  own_s: number;
  /** Of children that have ended and were waited for. */
  children_s: number;
}

function timesOf(pid: number | string): ProcessTimes | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is the program's name in brackets, and may hold anything.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const at = (field: number) => (fields[field - 3] ?? 0) / TICKS_per_s;
  return { parent: fields[1] ?? 0, own_s: at(14) + at(15), children_s: at(16) + at(17) };
}

/** Seconds that the process and all its children have run, those that have ended included. */
export function cpuOfTree_s(pid: number): number {
  const own = timesOf(pid);
  if (own === null) throw new Error(`process ${pid} is not there; processor time is read from /proc, which is Linux'`);
  let sum_s = own.own_s + own.children_s;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const times = timesOf(name);
    if (times?.parent === pid) sum_s += times.own_s + times.children_s;
  }
  return sum_s;
}
