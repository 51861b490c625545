// Gives a meter's registers out as they were told: a page at a time, or a whole span some at a time.
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { readMark, writeMark } from './export-cursor.ts';
import { exportLimits } from './export-limits.ts';
import { listToldReadings, type ToldReading } from './reading-export-store.ts';

export interface ReadingsQuestion {
  meterId: number;
  /** Of that instant on, and before the other one. */
  from_ms: number;
  to_ms: number;
}

export interface ReadingExportService {
  /** @throws REQUEST_INVALID where the cursor is none */
  readings(
    of: ReadingsQuestion,
    cursor: string | null,
    limit: number,
  ): Promise<{ readings: ToldReading[]; next_cursor: string | null }>;
  allReadings(of: ReadingsQuestion): AsyncGenerator<ToldReading[]>;
}

export function createReadingExportService(pool: Pool): ReadingExportService {
  const list = ({ meterId, from_ms, to_ms }: ReadingsQuestion, after_us: number | null, limit: number) =>
    listToldReadings(
      pool,
      meterId,
      { after_us: Math.max(after_us ?? 0, from_ms * 1_000 - 1), before_us: to_ms * 1_000 },
      limit,
    );

  return {
    readings: async (of, cursor, limit) => {
      const after_us = cursor === null ? null : readMark(cursor);
      if (cursor !== null && after_us === null) {
        throw problem('REQUEST_INVALID', 'querystring/cursor: it is not one that a page of readings ended with');
      }
      const readings = await list(of, after_us, limit);
      const last = readings.length < limit ? undefined : readings.at(-1);
      return { readings, next_cursor: last === undefined ? null : writeMark(last.measured_us) };
    },
    async *allReadings(of) {
      for (let after_us: number | null = null; ; ) {
        const readings: ToldReading[] = await list(of, after_us, exportLimits.rowsAtOnce);
        yield readings;
        if (readings.length < exportLimits.rowsAtOnce) return;
        after_us = readings.at(-1)?.measured_us ?? null;
      }
    },
  };
}
