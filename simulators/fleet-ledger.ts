// The ledger of a fleet: a line of JSON for each telegram, with what the broker said to it, for comparing with the store.
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** One line of the ledger. */
export interface LedgerLine {
  device_id: string;
  serial: string;
  format: string;
  /** As the telegram tells it, ISO 8601 in UTC; null for formats that carry no time. */
  readings: { measured_at: string | null; register_l: number }[];
  payload_hex: string;
  /** Null where the run ended without an acknowledgement: it may be stored or not. */
  acknowledged_at: string | null;
}

export interface FleetLedger {
  write(line: LedgerLine): void;
  close(): Promise<void>;
}

/** Appends to the file; without a path it keeps nothing. */
export function openFleetLedger(path: string | undefined): FleetLedger {
  const stream: WriteStream | null = path === undefined ? null : createWriteStream(path, { flags: 'a' });
  return {
    write: (line) => void stream?.write(`${JSON.stringify(line)}\n`),
    async close() {
      if (stream === null) return;
      stream.end();
      await finished(stream);
    },
  };
}
