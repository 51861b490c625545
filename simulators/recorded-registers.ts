// Reads recorded registers from CSV (plain or gzip): meter, local time, register in litres, dirt and all.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { Temporal } from 'temporal-polyfill';

export interface RecordedRegister {
  meter: string;
  measured_at_ms: number;
  register_l: number;
}

export interface RecordedFile {
  rows: AsyncIterable<RecordedRegister>;
  /** Lines that were no register; counted while `rows` is read. */
  skipped(): number;
}

/** A line is short; a longer one is no such file. */
const longestLine = 200;

/**
 * `path`: `meter,<local time>,register_l` with a header. Times are `dd/mm/yyyy hh:mm:ss` or ISO without offset, in
 * `timeZone`; where the header says `local_time_europe_madrid` the zone may be left out. In the hour that autumn doubles,
 * a meter's time that would go back is the second of the two. Throws an Error that says what is wrong with the file.
 */
export async function openRecordedRegisters(path: string, timeZone: string | null): Promise<RecordedFile> {
  const file = createReadStream(path);
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => input.destroy(error));
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  const header = ((await lines.next()).value ?? '').toString().trim().split(',');
  if (header.length !== 3 || header[0] !== 'meter' || header[2] !== 'register_l') {
    throw new Error(`the first line of ${path} is not meter,local_time,register_l`);
  }
  const zone = zoneOf(timeZone, header[1] ?? '');
  let skipped = 0;
  const instants = localInstants(zone);
  const last_ms = new Map<string, number>();
  async function* rows(): AsyncGenerator<RecordedRegister> {
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
      const row = next.value.length > longestLine ? null : parseRow(next.value);
      if (row === null) {
        skipped += 1;
        continue;
      }
      const before = last_ms.get(row.meter) ?? Number.NEGATIVE_INFINITY;
      const candidates = instants(row.local);
      const measured_at_ms = candidates.find((at_ms) => at_ms > before) ?? candidates[0];
      if (measured_at_ms === undefined) {
        skipped += 1;
        continue;
      }
      last_ms.set(row.meter, measured_at_ms);
      yield { meter: row.meter, measured_at_ms, register_l: row.register_l };
    }
  }
  return { rows: rows(), skipped: () => skipped };
}

function zoneOf(given: string | null, column: string): string {
  const named = /^local_time_([a-z]+)_([a-z_]+)$/.exec(column);
  const capital = (word: string) => word.replace(/(^|_)[a-z]/g, (letter) => letter.toUpperCase());
  const zone = given ?? (named === null ? null : `${capital(named[1] ?? '')}/${capital(named[2] ?? '')}`);
  if (zone === null) throw new Error('the file does not name its time zone; give one, as in Asia/Seoul');
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone).timeZoneId;
  } catch {
    throw new Error(`'${zone.slice(0, 40)}' is no time zone; write one as in Asia/Seoul`);
  }
}

function parseRow(line: string): { meter: string; local: string; register_l: number } | null {
  const [meter, time, register, ...more] = line.split(',');
  if (meter === undefined || meter === '' || time === undefined || register === undefined || more.length > 0)
    return null;
  if (!/^\d{1,12}$/.test(register)) return null;
  const slashed = /^(\d\d)\/(\d\d)\/(\d{4}) (\d\d:\d\d:\d\d)$/.exec(time);
  if (slashed !== null) {
    return { meter, local: `${slashed[3]}-${slashed[2]}-${slashed[1]}T${slashed[4]}`, register_l: Number(register) };
  }
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(time)) return null;
  return { meter, local: time, register_l: Number(register) };
}

/**
 * Local time → its instants: one, two in autumn's doubled hour, none in spring's missing one. Offsets change on the
 * quarter hour at the finest, so each quarter hour is looked up once.
 */
function localInstants(zone: string): (local: string) => number[] {
  const quarter_ms = 900_000;
  const offsets = new Map<number, number[]>();
  return (local) => {
    const asUtc_ms = Date.parse(`${local}Z`);
    if (Number.isNaN(asUtc_ms)) return [];
    const quarter = Math.floor(asUtc_ms / quarter_ms);
    let known = offsets.get(quarter);
    if (known === undefined) {
      known = offsetsOf(local, asUtc_ms, zone);
      // Fifty years of quarter hours; past that the file is not a record of meters.
      if (offsets.size < 2_000_000) offsets.set(quarter, known);
    }
    return known.map((offset_ms) => asUtc_ms - offset_ms);
  };
}

function offsetsOf(local: string, asUtc_ms: number, zone: string): number[] {
  try {
    const plain = Temporal.PlainDateTime.from(local);
    const earlier = plain.toZonedDateTime(zone, { disambiguation: 'earlier' });
    const later = plain.toZonedDateTime(zone, { disambiguation: 'later' });
    if (!earlier.toPlainDateTime().equals(plain)) return [];
    return [...new Set([earlier, later].map((zoned) => asUtc_ms - zoned.epochMilliseconds))];
  } catch {
    return [];
  }
}
