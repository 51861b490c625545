// Kamstrup flowIQ and Multical water meters over LoRaWAN: M-Bus records behind a transport header, without a link layer.
//
//   CI (78 no header, 7A short, 72 long with the meter's address), then records of storage number 1: the time of the log,
//   its volume, the hours before it as an inverse compact profile, info codes
//
// An inverse compact profile counts back from its base: control1 (how it counts, unit of the spacing, bytes an element),
// spacing1, elements. Source: EN 13757-3:2018 annex F; clause 6 for the records; EN 13757-7:2018 clause 7 for the header.
// Kamstrup's own part (VIF FF 25 are the info codes, their bits) and the examples: The Things Network's device
// repository, vendor/kamstrup, published by the maker.
import { orderedFlags } from './flags.ts';
import { type MbusRecord, readRecords } from './mbus-records.ts';
import { transportStatus } from './mbus-status.ts';
import { dateTimeOf, integerOf } from './mbus-values.ts';
import { type DecodedReading, type DecodeResult, type PayloadFormat, refused } from './payload-format.ts';
import { meterIdOf } from './wmbus-address.ts';
import { transportHeader } from './wmbus-transport.ts';

const inverseProfile = 0x13;
const infoCodes = 0x25;

/** By bit of the info codes. */
const infoFlags = ['dry', 'backflow', 'leak', 'burst', 'tamper', 'battery_low', 'freeze', 'temperature_high'] as const;

function decode(payload: Uint8Array): DecodeResult {
  const ci = payload[0];
  if (ci !== 0x78 && ci !== 0x7a && ci !== 0x72) {
    return refused('FORMAT_CI_UNSUPPORTED', 'the payload does not begin with a transport header: CI 72, 7A or 78');
  }
  const header = transportHeader(payload);
  if ('ok' in header) return refused(header.code, header.detail);
  if ((header.configuration & 0x1f00) !== 0) {
    return refused('ENCRYPTED_TWICE', 'the records are encrypted below LoRaWAN, which these meters do not do');
  }
  const read = readRecords(header.data);
  if (read.fault !== null)
    return refused('RECORDS_MALFORMED', `record at byte ${read.fault.at} of the data: ${read.fault.reason}`);
  const readings = readingsOf(read.records);
  if (readings.length === 0) return refused('NO_VOLUME', 'the message has no record of a volume with its time');
  const info = read.records.find(
    (record) => record.quantity === 'manufacturer_specific' && record.modifiers[0] === infoCodes,
  );
  return {
    ok: true,
    uplink: {
      meter_id: header.address === null ? null : meterIdOf(header.address.id),
      model: 'Kamstrup, LoRaWAN',
      readings,
      flags: orderedFlags([...transportStatus(header.status ?? 0).flags, ...flagsOf(info?.bytes[0] ?? 0)]),
    },
  };
}

function flagsOf(info: number): string[] {
  return infoFlags.filter((_, bit) => ((info >> bit) & 1) === 1);
}

/** The newest volume with a time first, then what its profile tells of before. */
function readingsOf(records: readonly MbusRecord[]): DecodedReading[] {
  const volumes = records.filter((record) => record.quantity === 'volume_l' && record.function === 'instantaneous');
  const dated = volumes.filter((record) => record.modifiers.length === 0 && isRegister(record.value));
  const bases = dated.map((base) => ({ base, at: timeOf(records, base.storage) })).filter(({ at }) => at !== null);
  bases.sort((one, two) => (one.at ?? '').localeCompare(two.at ?? '')).reverse();
  const readings = new Map<string, number>();
  for (const { base, at } of bases) {
    readings.set(at ?? '', readings.get(at ?? '') ?? Math.floor(base.value ?? 0));
    const profile = volumes.find(
      (record) =>
        record.storage === base.storage && record.modifiers.length === 1 && record.modifiers[0] === inverseProfile,
    );
    // A profile has its base's unit; only of litres is it known here that its elements are litres too.
    if (profile === undefined || base.value !== integerOf(base.bytes)) continue;
    for (const kept of countedBack(profile.bytes, at ?? '', base.value ?? 0)) {
      readings.set(kept.measured_at, readings.get(kept.measured_at) ?? kept.register_l);
    }
  }
  return [...readings]
    .sort(([one], [two]) => two.localeCompare(one))
    .map(([measured_at, register_l], index) =>
      index === 0 ? { measured_at, register_l } : { measured_at, register_l, kind: 'historic' },
    );
}

function isRegister(value: number | null): boolean {
  return value !== null && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function timeOf(records: readonly MbusRecord[], storage: number): string | null {
  const record = records.find((each) => each.quantity === 'date_time' && each.storage === storage);
  return record === undefined ? null : dateTimeOf(record.bytes);
}

/** Seconds, minutes, hours, days. */
const spacings_ms = [1000, 60_000, 3_600_000, 86_400_000] as const;
/** Above it a spacing is of half months, months and longer, or is none. */
const mostSpacing = 250;

/** The profile's elements as registers, newest first; ends where an element is marked as not there. */
function countedBack(profile: Uint8Array, base: string, base_l: number): { measured_at: string; register_l: number }[] {
  const [control = 0, spacing = 0] = profile;
  const mode = control >> 6;
  const size = control & 0x0f;
  if (mode === 0 || size < 1 || size > 4 || spacing < 1 || spacing > mostSpacing) return [];
  const step_ms = spacing * (spacings_ms[(control >> 4) & 3] ?? 0);
  // The meter's local time, counted back as its clock counts.
  const base_ms = Date.parse(`${base}Z`);
  const kept: { measured_at: string; register_l: number }[] = [];
  let register_l = base_l;
  for (let at = 2; at + size <= profile.length; at += size) {
    const change_l = elementOf(profile.subarray(at, at + size), mode === 3);
    if (change_l === null) return kept;
    register_l += mode === 2 ? change_l : -change_l;
    if (register_l < 0) return kept;
    const at_ms = base_ms - step_ms * (kept.length + 1);
    kept.push({ measured_at: new Date(at_ms).toISOString().slice(0, base.length), register_l });
  }
  return kept;
}

/** Null for the mark of no value: all bits set, or of signed ones the most negative. */
function elementOf(bytes: Uint8Array, signed: boolean): number | null {
  if (signed) return integerOf(bytes);
  const value = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
  return value === 256 ** bytes.length - 1 ? null : value;
}

export const lorawanKamstrup: PayloadFormat = {
  name: 'lorawan-kamstrup',
  version: 1,
  decode,
  examples: [
    {
      title: 'From the maker’s integration guide: a short header and hours in two bytes each (cut to three)',
      payload_hex: '7a08000000446d002cfd284413c1aa77004d9313086201270122012201' + '2f',
      f_port: 1,
      expect: {
        ok: true,
        uplink: {
          meter_id: null,
          model: 'Kamstrup, LoRaWAN',
          readings: [
            { measured_at: '2023-08-29T12:00', register_l: 7_842_497 },
            { measured_at: '2023-08-29T11:00', register_l: 7_842_202, kind: 'historic' },
            { measured_at: '2023-08-29T10:00', register_l: 7_841_912, kind: 'historic' },
            { measured_at: '2023-08-29T09:00', register_l: 7_841_622, kind: 'historic' },
          ],
          flags: [],
        },
      },
    },
    {
      title: 'A midnight log whose info codes report tampering',
      payload_hex: '78446d0020f32a4413ec00000052ff25100042ff1c0500623b0000523b0000615b80515b80',
      f_port: 1,
      expect: {
        ok: true,
        uplink: {
          meter_id: null,
          model: 'Kamstrup, LoRaWAN',
          readings: [{ measured_at: '2023-10-19T00:00', register_l: 236 }],
          flags: ['tamper'],
        },
      },
    },
    {
      title: 'What a meter sends when it is installed',
      payload_hex: '7258578853372c3c16d610080004ff16bf587000',
      f_port: 1,
      expect: refused('NO_VOLUME', 'the message has no record of a volume with its time'),
    },
  ],
};
