// Keeps count of latencies in bounded memory and gives their percentiles.

/** Longer ones are counted as this long. */
const longest_ms = 120_000;

export interface LatencySummary {
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  longest_ms: number | null;
}

export interface Latencies {
  add(latency_ms: number): void;
  summary(): LatencySummary;
}

export function countLatencies(): Latencies {
  const counts = new Uint32Array(longest_ms + 1);
  let total = 0;
  const percentile = (share: number): number | null => {
    if (total === 0) return null;
    let left = Math.ceil(total * share);
    for (let latency = 0; latency < counts.length; latency += 1) {
      left -= counts[latency] ?? 0;
      if (left <= 0) return latency;
    }
    return longest_ms;
  };
  return {
    add(latency_ms) {
      const slot = Math.min(longest_ms, Math.max(0, Math.round(latency_ms)));
      counts[slot] = (counts[slot] ?? 0) + 1;
      total += 1;
    },
    summary: () => ({
      p50_ms: percentile(0.5),
      p95_ms: percentile(0.95),
      p99_ms: percentile(0.99),
      longest_ms: percentile(1),
    }),
  };
}
