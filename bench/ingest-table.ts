// What bench/ingest.ts prints: a table of its runs, then one line of JSON.
import type { LoadResult } from './mqtt-load.ts';

export interface Shape {
  connections: number;
  window: number;
  readingsPerMessage: 1 | 6;
  /** By name; each device sends in one of them. */
  formats: readonly string[];
}

export interface Run extends LoadResult, Shape {
  who: string;
  /** Acknowledged and, where the peer stores later, stored. */
  messages_per_s: number;
  /** Of broker and consumer, and of the database. */
  own_us: number;
  database_us: number;
  load_us: number;
}

export interface AtRest {
  memory_MB: number;
  listening_memory_MB: number;
  back_s: number;
}

export function report(runs: Run[]): void {
  console.log(
    '\nQoS 1; c = connections, w = messages in flight on each, r = readings a message; µs of processor a message',
  );
  const heads = ['messages/s', 'readings/s', 'ack p50 ms', 'p99 ms', 'own µs', 'database µs', 'load µs', 'load idle'];
  console.log(
    `${'who'.padEnd(32)} ${'c'.padStart(5)} ${'w'.padStart(3)} r ${heads.map((h) => h.padStart(11)).join(' ')}`,
  );
  for (const run of runs) {
    const cells = [
      run.messages_per_s.toFixed(0),
      (run.messages_per_s * run.readingsPerMessage).toFixed(0),
      run.ack_p50_ms.toFixed(1),
      run.ack_p99_ms.toFixed(1),
      run.own_us.toFixed(1),
      run.database_us.toFixed(1),
      run.load_us.toFixed(1),
      `${(100 * run.idle_share).toFixed(0)} %`,
    ];
    const what = `${String(run.connections).padStart(5)} ${String(run.window).padStart(3)} ${run.readingsPerMessage}`;
    console.log(`${run.who.padEnd(32)} ${what} ${cells.map((cell) => cell.padStart(11)).join(' ')}`);
  }
}

/** @param store the database that all runs stored in */
export function finish(store: string, ours: Run[], peers: Run[], rest: AtRest): void {
  const [our64, our1, our6, ourMixed] = ours;
  if (!our64 || !our1 || !our6 || !ourMixed) throw new Error('a run is missing');
  const [group, , each, limit] = peers;
  const cost_us = (run: Run) => run.own_us + run.database_us;
  const ratio = (peer: Run | undefined) => (peer === undefined ? null : rounded(cost_us(peer) / cost_us(our64)));
  console.log(
    JSON.stringify({
      bench: 'ingest',
      c200_w64_msgs_per_s: Math.round(our64.messages_per_s),
      c5000_w1_msgs_per_s: Math.round(our1.messages_per_s),
      six_readings_per_s: Math.round(our6.messages_per_s * 6),
      c5000_w1_four_formats_msgs_per_s: Math.round(ourMixed.messages_per_s),
      cpu_ratio_vs_group_commit: ratio(group),
      cpu_ratio_vs_insert_each: ratio(each),
      own_cpu_ratio_vs_group_commit: group === undefined ? null : rounded(group.own_us / our64.own_us),
      peer_group_commit_msgs_per_s: group === undefined ? null : Math.round(group.messages_per_s),
      peer_insert_each_msgs_per_s: each === undefined ? null : Math.round(each.messages_per_s),
      ack_p50_ms: rounded(our64.ack_p50_ms),
      ack_p99_ms: rounded(our64.ack_p99_ms),
      w1_ack_p50_ms: rounded(our1.ack_p50_ms),
      w1_ack_p99_ms: rounded(our1.ack_p99_ms),
      least_load_idle_share: rounded(Math.min(...ours.map((run) => run.idle_share))),
      idle_10000_MB: rounded(rest.memory_MB),
      listening_10000_MB: rounded(rest.listening_memory_MB),
      back_5000_s: rounded(rest.back_s),
      machine_limit_msgs_per_s: limit === undefined ? null : Math.round(limit.messages_per_s),
      store,
    }),
  );
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
