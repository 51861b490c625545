// A fleet's ledger read back: each telegram with how often it was sent and acknowledged.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';

const ledgerLine = z.object({
  device_id: z.string().max(64),
  payload_hex: z.string().regex(/^([0-9a-f]{2})*$/),
  readings: z
    .array(z.object({ measured_at: z.iso.datetime().nullable(), register_l: z.number().int().min(0) }))
    .max(1_000),
  acknowledged_at: z.iso.datetime().nullable(),
});

export interface LedgerTelegram {
  device_id: string;
  payload_hex: string;
  readings: { measured_at: string | null; register_l: number }[];
  sent: number;
  acknowledged: number;
}

/** Telegrams that one ledger may hold: what fits into the memory of the process that compares them. */
const mostTelegrams = 5_000_000;

/** Throws an Error that names the line. */
export async function readLedger(path: string): Promise<LedgerTelegram[]> {
  const telegrams = new Map<string, LedgerTelegram>();
  let number = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (text === '') continue;
    const line = parsed(text, number);
    const name = `${line.device_id} ${line.payload_hex}`;
    const telegram = telegrams.get(name) ?? { ...line, sent: 0, acknowledged: 0 };
    telegram.sent += 1;
    if (line.acknowledged_at !== null) telegram.acknowledged += 1;
    telegrams.set(name, telegram);
    if (telegrams.size > mostTelegrams) throw new Error(`more than ${mostTelegrams} telegrams; compare them in parts`);
  }
  return [...telegrams.values()];
}

function parsed(text: string, number: number): z.output<typeof ledgerLine> {
  try {
    return ledgerLine.parse(JSON.parse(text));
  } catch {
    throw new Error(`line ${number} is no line of a ledger; give a file that naru simulate --ledger wrote`);
  }
}
