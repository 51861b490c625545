// Streams the public log to auditors: page by page from the database, as fast as they read and no faster.
import type { Pool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type Epoch, readEpochsFrom, readLogRows } from './anchor-store.ts';
import { anchoringLimits } from './anchoring-limits.ts';
import { toHex } from './hexadecimal.ts';
import { changeLine, endLine, epochLine, type LogEpochFacts, type LogPlace, placeLine } from './public-log.ts';
import { HASH_bytes } from './tree-hash.ts';

const LAST_KEY: Uint8Array = new Uint8Array(HASH_bytes).fill(0xff);

export interface PublicLog {
  /** @throws TOO_MANY_REQUESTS where too many read at once */
  read(place: LogPlace, from: number): AsyncIterable<string>;
}

export function createPublicLog(pool: Pool): PublicLog {
  let readers = 0;

  async function* text(place: LogPlace, from: number): AsyncGenerator<string> {
    readers += 1;
    try {
      yield placeLine(place);
      let newest = from - 1;
      for (;;) {
        const epochs = await readEpochsFrom(pool, newest + 1, anchoringLimits.logPage.epochs);
        if (epochs.length === 0) break;
        yield* page(pool, epochs);
        newest = epochs.at(-1)?.epoch ?? newest;
      }
      yield endLine(newest);
    } finally {
      readers -= 1;
    }
  }

  return {
    read(place, from) {
      if (readers >= anchoringLimits.logReaders) throw problem('TOO_MANY_REQUESTS');
      return text(place, from);
    },
  };
}

/** A string for each look into the database. What was written of an epoch never changes, so looks may be apart. */
async function* page(pool: Pool, epochs: readonly Epoch[]): AsyncGenerator<string> {
  const last = epochs.at(-1)?.epoch ?? 0;
  const limit: number = anchoringLimits.logPage.changes;
  const waiting = [...epochs];
  let after: { epoch: number; key: Uint8Array } = { epoch: (epochs[0]?.epoch ?? 0) - 1, key: LAST_KEY };
  for (let rows = limit; rows === limit; ) {
    const found = await readLogRows(pool, after, last, limit);
    rows = found.length;
    let lines = '';
    for (const row of found) {
      while (waiting[0] !== undefined && waiting[0].epoch <= row.epoch)
        lines += epochLine(factsOf(waiting.shift() as Epoch));
      const { key, value, link } = row;
      lines += changeLine({ key: toHex(key), value: value && toHex(value), link: link && toHex(link) });
      after = { epoch: row.epoch, key };
    }
    if (rows < limit) lines += waiting.map((epoch) => epochLine(factsOf(epoch))).join('');
    yield lines;
  }
}

function factsOf(epoch: Epoch): LogEpochFacts {
  return {
    epoch: epoch.epoch,
    previous_root: toHex(epoch.previousRoot),
    root: toHex(epoch.root),
    made_at: epoch.madeAt.toISOString(),
    status: epoch.status,
    transaction: epoch.transaction,
    block: epoch.block,
    block_hash: epoch.blockHash,
    block_time: epoch.blockTime?.toISOString() ?? null,
    disowned_at: epoch.disownedAt?.toISOString() ?? null,
  };
}
