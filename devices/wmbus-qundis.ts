// Qundis Q water 5.5: standard records, and in walk-by telegrams a record of its own with register, due values and months.
// That record may be sealed with the meter's key. Source: wmbusmeters, driver qwaterv2 and its issue 1916.
import { endOfDay, monthsAfter } from './mbus-local-time.ts';
import { type MbusRecord, type MbusRecords, readRecords } from './mbus-records.ts';
import type { StatusBit, StatusTold } from './mbus-status.ts';
import { recordsTold, registerOf } from './mbus-uplink.ts';
import { dateOf, decimalOf } from './mbus-values.ts';
import type { DecodedDate, DecodedReading, DecodedVolume } from './payload-format.ts';
import { accessVector, badKey, cbcOpened, noKey, wrongKey } from './wmbus-keys.ts';
import { joined, type Refusal } from './wmbus-link.ts';
import {
  errorFlags,
  keptVolume,
  type ModelTold,
  registerVolume,
  type Telegram,
  type WmbusModel,
} from './wmbus-model.ts';

const litres = 0x13;
const body_bytes = 28;
const notKept = 0x8000;
/** The storage numbers that its standard records use for the due date of the year and the last month's end. */
const ofYear = 1;
const ofMonth = 17;

const errorBits: readonly StatusBit[] = [
  [0x0001, 'NO_FLOW', 'no_use'],
  [0x0002, 'SUPPLY_SENSOR_INTERRUPTED', 'error'],
  [0x0004, 'RETURN_SENSOR_INTERRUPTED', 'error'],
  [0x0008, 'TEMPERATURE_ELECTRONICS_ERROR', 'error'],
  [0x0010, 'BATTERY_VOLTAGE_ERROR', 'battery_low'],
  [0x0020, 'SHORT_CIRCUIT_SUPPLY_SENSOR', 'error'],
  [0x0040, 'SHORT_CIRCUIT_RETURN_SENSOR', 'error'],
  [0x0080, 'MEMORY_ERROR', 'error'],
  [0x0100, 'SABOTAGE', 'tamper'],
  [0x0200, 'ELECTRONICS_ERROR', 'error'],
];

function tell({ records }: MbusRecords): ModelTold {
  const own = ownRecord(records);
  return { ...(own === undefined ? null : walkBy(own.bytes, records)), status: statusIn(records) };
}

function statusIn(records: readonly MbusRecord[]): StatusTold {
  return errorFlags(records, errorBits, 0xffff);
}

function ownRecord(records: readonly MbusRecord[]): MbusRecord | undefined {
  return records.find((record) => record.codes.join() === [0xff, 0x5f].join() && record.coding === 0x0d);
}

const key_bytes = 16;
const block_bytes = 16;
/** Its head, which is always in the clear: the third byte counts telegrams, the fifth says what is sealed behind it. */
const head_bytes = 5;
const countAt = 2;
const sealedAt = 4;
/** What stands behind the head's and two bytes of flags wherever there is water: how a right key is told from a wrong one. */
const waterMark = [0x07, 0xc1, litres];
const waterMarkAt = 7;

/** Null when nothing of the telegram is sealed: then it is in records. As in mode 5, with the record's own counter. */
function readOwn({ meter, data, key }: Telegram): ModelTold | Refusal | null {
  const { records } = readRecords(data);
  const block = ownRecord(records)?.bytes ?? new Uint8Array();
  const how = block[sealedAt] ?? 0;
  const sealed_bytes = (how >> 4) * block_bytes;
  if ((how & 0x0f) !== 5 || sealed_bytes === 0 || block.length !== head_bytes + sealed_bytes) return null;
  if (key === undefined) return noKey();
  if (key.length !== key_bytes) return badKey();
  const opened = cbcOpened(block.subarray(head_bytes), key, accessVector(meter, block[countAt] ?? 0));
  const clear = joined([block.subarray(0, head_bytes), opened]);
  const told = waterMark.every((byte, at) => clear[waterMarkAt + at] === byte) ? walkBy(clear, records) : null;
  return told === null ? wrongKey() : { ...told, status: statusIn(records) };
}

/** Nine bytes, VIF, error date, register, due date and value, last month's end and value, then twelve months' use. */
function walkBy(bytes: Uint8Array, records: readonly MbusRecord[]): Omit<ModelTold, 'status'> | null {
  const part = (from: number, length: number) => bytes.subarray(from, from + length);
  const register_l = decimalOf(part(12, 4));
  if (bytes.length < body_bytes || bytes[9] !== litres || register_l === null || register_l < 0) return null;
  const standard = recordsTold(records);
  // A day alone tells no instant: the receipt is nearer to it than that day's midnight.
  const clock = standard.dates.find((date) => date.of === 'clock' && date.valid !== false && date.at.includes('T'));
  const readings: DecodedReading[] = [{ measured_at: clock?.at ?? null, ...registerOf(register_l) }];
  const volumes: DecodedVolume[] = [registerVolume(register_l)];
  const dates: DecodedDate[] = [...standard.dates];
  const errorAt = dateOf(part(10, 2));
  if (errorAt !== null) dates.push({ of: 'error', at: errorAt, storage: 0 });
  const keep = (at: string | null, volume_l: number | null, storage: number) => {
    if (volume_l === null || volume_l < 0) return;
    volumes.push(keptVolume(volume_l, storage, at));
    if (at !== null) readings.push({ measured_at: endOfDay(at), ...registerOf(volume_l), kind: 'historic' });
  };
  const dueAt = dateOf(part(16, 2));
  const monthAt = dateOf(part(22, 2));
  if (dueAt !== null) dates.push({ of: 'kept', at: dueAt, storage: ofYear });
  if (monthAt !== null) dates.push({ of: 'kept', at: monthAt, storage: ofMonth });
  keep(dueAt, decimalOf(part(18, 4)), ofYear);
  const month_l = decimalOf(part(24, 4));
  keep(monthAt, month_l, ofMonth);
  if (monthAt !== null) volumes.push(...monthlyUse(part(body_bytes, 24), monthAt));
  return { readings, volumes, dates };
}

/** Tens of litres, the latest month last: rounded, so that no register can be worked out from them. */
const useUnit_l = 10;

function monthlyUse(uses: Uint8Array, last: string): DecodedVolume[] {
  const count = uses.length >> 1;
  const volumes: DecodedVolume[] = [];
  for (let back = 0; back < count; back += 1) {
    const at = 2 * (count - 1 - back);
    const use = (uses[at] ?? 0) | ((uses[at + 1] ?? 0) << 8);
    if (use >= notKept) continue;
    const month = { storage: ofMonth + back, tariff: 0, subunit: 0, at: monthsAfter(last, -back) };
    volumes.push({ volume_l: use * useUnit_l, of: 'other', ...month });
  }
  return volumes;
}

export const qundisQWater: WmbusModel = {
  name: 'Qundis Q water',
  types: [
    ['QDS', 0x33, 0x37],
    ['QDS', 0x35, 0x37],
    ...[0x16, 0x17, 0x18, 0x19, 0x1a, 0x1d, 0x36].flatMap((version) =>
      [0x06, 0x07].map((medium) => ['QDS', version, medium] as const),
    ),
    // Under the letters of Landis & Staefa, whose business it was.
    ['LSE', 0x19, 0x07],
    ['LSE', 0x33, 0x37],
    ['LSE', 0x35, 0x37],
    ...[0x1a, 0x1d, 0x36].flatMap((version) => [0x06, 0x07].map((medium) => ['LSE', version, medium] as const)),
  ],
  readOwn,
  tell,
  examples: [
    {
      payload_hex:
        '49449344785634121607780dff5f350082000000000007c113ffff563412003f3c000012005c32003012000001800000800080008000800080008000800080008000802f046d002a4133',
      register_l: 123_456,
      status: [],
    },
  ],
};
