// Compares what a fleet was told with what is stored: nothing acknowledged may be missing, nothing be there too often.
import type { Pool } from '../../platform/postgres/database.ts';
import { countUplinks, findReadings } from './ledger-store.ts';

export interface LedgerEntry {
  device_id: string;
  payload_hex: string;
  /** Null times where the telegram tells none. */
  readings: readonly { measured_at: string | null; register_l: number }[];
  sent: number;
  acknowledged: number;
}

export interface LedgerFindings {
  telegrams: number;
  acknowledged: number;
  /** Acknowledged telegrams that are not stored. */
  missing: number;
  /** Acknowledged readings with a time that are stored nowhere. */
  readings_missing: number;
  /** Telegrams that are stored more often than they were sent. */
  too_often: number;
  /** Telegrams sent and acknowledged several times with the same bytes, stored fewer times: taken for redeliveries. */
  merged: number;
  /** Of those missing or too often, the first few: device and bytes. */
  examples: { device_id: string; payload_hex: string }[];
}

const AT_ONCE = 20_000;
const EXAMPLES = 5;

export async function checkLedger(pool: Pool, entries: readonly LedgerEntry[]): Promise<LedgerFindings> {
  const findings: LedgerFindings = {
    ...{ telegrams: entries.length, acknowledged: 0, missing: 0, readings_missing: 0, too_often: 0, merged: 0 },
    examples: [],
  };
  for (let at = 0; at < entries.length; at += AT_ONCE) await checkPart(pool, entries.slice(at, at + AT_ONCE), findings);
  return findings;
}

async function checkPart(pool: Pool, part: readonly LedgerEntry[], findings: LedgerFindings): Promise<void> {
  const stored = await countUplinks(
    pool,
    part.map(({ device_id, payload_hex }) => ({ device_id, payload: Buffer.from(payload_hex, 'hex') })),
  );
  for (const [index, entry] of part.entries()) {
    const times = stored[index] ?? 0;
    findings.acknowledged += entry.acknowledged;
    const isMissing = times === 0 && entry.acknowledged > 0;
    if (isMissing) findings.missing += 1;
    else if (times > entry.sent) findings.too_often += 1;
    else if (times < entry.acknowledged) findings.merged += 1;
    if ((isMissing || times > entry.sent) && findings.examples.length < EXAMPLES) {
      findings.examples.push({ device_id: entry.device_id, payload_hex: entry.payload_hex });
    }
  }
  const timed = part
    .filter(({ acknowledged }) => acknowledged > 0)
    .flatMap(({ device_id, readings }) =>
      readings.flatMap(({ measured_at, register_l }) =>
        measured_at === null ? [] : [{ device_id, measured_at, register_l }],
      ),
    );
  if (timed.length === 0) return;
  findings.readings_missing += (await findReadings(pool, timed)).filter((isStored) => !isStored).length;
}
