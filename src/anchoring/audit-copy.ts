// Compares the log as it is served now with the copy that an auditor kept: what was once published may never change.
import { type AuditFinding, finding } from './audit-finding.ts';
import type { LogEpoch } from './public-log.ts';

/** Passes the served epochs through, and tells the first difference from the copy. */
export async function* comparedWithCopy(
  served: AsyncIterable<LogEpoch>,
  copy: AsyncIterable<LogEpoch>,
  tell: (found: AuditFinding) => void,
): AsyncGenerator<LogEpoch> {
  const kept = copy[Symbol.asyncIterator]();
  let differs = false;
  const say = (found: AuditFinding | null): void => {
    if (found === null) return;
    differs = true;
    tell(found);
  };
  try {
    for await (const epoch of served) {
      const own = differs ? null : await kept.next();
      if (own !== null && own.done !== true) say(difference(own.value, epoch));
      yield epoch;
    }
    const own = differs ? null : await kept.next();
    if (own !== null && own.done !== true)
      say(finding('copy_differs', own.value.epoch, 'is in the copy that was kept, but is served no more'));
  } finally {
    await kept.return?.();
  }
}

function difference(kept: LogEpoch, served: LogEpoch): AuditFinding | null {
  const at = kept.epoch;
  if (served.epoch !== at)
    return finding(
      'copy_differs',
      at,
      `the copy that was kept has it, but epoch ${served.epoch} is served in its place`,
    );
  const rows = Math.max(kept.changes.length, served.changes.length);
  for (let row = 0; row < rows; row += 1) {
    const one = kept.changes[row];
    const other = served.changes[row];
    if (one?.key === other?.key && one?.value === other?.value && one?.link === other?.link) continue;
    // In key order: the smaller of two unequal keys is in one of them only.
    const key = [one?.key, other?.key].filter((held) => held !== undefined).sort()[0] ?? null;
    return finding('copy_differs', at, `differs from the copy that was kept; first at key ${key}`, { key });
  }
  for (const name of ['root', 'previous_root'] as const)
    if (kept[name] !== served[name])
      return finding(
        'copy_differs',
        at,
        `${name} ${served[name]} is served, but the copy that was kept has ${kept[name]}`,
      );
  return null;
}
