// The JSON of Korean NB-IoT modems on digital meters: hourly registers, six at a time.
//
// Every maker names the same figures a little differently; no document fixes them. The house's form is
//   {"modem_serial":"NB24-000123","firmware":"1.2.0","battery":3.6,"temperature":11.5,
//    "rssi":-71,"rsrp":-98,"rsrq":-11,"snr":12,
//    "meter_serial":"23165017","meter_type":"digital","bore":15,
//    "metering_interval":1,"reporting_interval":6,
//    "measured_at":"2026-03-01T06:00:00+09:00","registers":["225.100","225.101","225.101","225.110","225.132","225.151"],
//    "flags":{"overload":false,"leak":true,"reverse":false,"battery":false}}
//
//   registers   m³ with up to 3 decimals, oldest first, one metering_interval (hours) apart, the last at measured_at. Or
//               each with its own time: [{"at":"…","register":"225.100"}, …], in any order.
//   register    in place of registers, where there is one.
//   measured_at with an offset; or local, as `2026-03-01 06:00:00` or `20260301060000`; left out: when it was received.
//   battery in volts, temperature in °C, bore in mm, intervals in hours. Flags may stand beside the rest, too.
//
// Tolerant where makers differ: field names in any case, with or without _ and -, numbers as numbers or text, flags as
// true, 1, "1", "Y"; fields nobody asked for are passed over. Strict about what is read: a value that is there and wrong
// refuses the whole, and so do two spellings of one field.
import { litresOfCubicMetres } from './decimal-litres.ts';
import { orderedFlags } from './flags.ts';
import {
  type DecodedReading,
  type DecodeResult,
  type EncodableReading,
  type PayloadFormat,
  refused,
} from './payload-format.ts';
import { localIso, timeBefore, type WrittenTime, writtenTime } from './written-time.ts';

const mostPayload_bytes = 32_768;
/** A week of hours. */
const mostRegisters = 168;
const hour_ms = 3_600_000;

const bores_mm = new Set([13, 15, 20, 25, 32, 40, 50, 65, 80, 100, 125, 150, 200, 250, 300]);

class Wrong {
  readonly detail: string;
  constructor(detail: string) {
    this.detail = detail;
  }
}

function decode(payload: Uint8Array): DecodeResult {
  if (payload.length > mostPayload_bytes) {
    return refused('PAYLOAD_TOO_LARGE', `a report has at most ${mostPayload_bytes} bytes`);
  }
  let report: unknown;
  try {
    report = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return refused('JSON_INVALID', 'the payload is not JSON in UTF-8');
  }
  try {
    return { ok: true, uplink: uplinkOf(fieldsOf(report, 'the report')) };
  } catch (error) {
    if (error instanceof Wrong) return refused('NBIOT_INVALID', error.detail);
    throw error;
  }
}

type Fields = ReadonlyMap<string, unknown>;

/** Fields by their plain name: `Meter_Serial`, `meterSerial` and `meter-serial` are `meterserial`. */
function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Wrong(`${what} is not an object`);
  const fields = new Map<string, unknown>();
  for (const [name, field] of Object.entries(value)) {
    const plain = name.toLowerCase().replace(/[_-]/g, '');
    if (fields.has(plain) && known.has(plain)) throw new Wrong(`${plain} is there in two spellings`);
    // Makers write null for what a modem does not have.
    if (field !== null) fields.set(plain, field);
  }
  return fields;
}

const flagFields: ReadonlyMap<string, string> = new Map([
  ['overload', 'overload'],
  ['leak', 'leak'],
  ['reverse', 'backflow'],
  ['battery', 'battery_low'],
]);
const known = new Set([
  ...['modemserial', 'firmware', 'battery', 'temperature', 'meterserial', 'metertype', 'bore'],
  ...['meteringinterval', 'reportinginterval', 'measuredat', 'at', 'register', 'registers', 'flags'],
  ...flagFields.keys(),
]);

function uplinkOf(fields: Fields): Extract<DecodeResult, { ok: true }>['uplink'] {
  const readings = readingsOf(fields);
  const battery_v = numberOf(fields, 'battery', 0.1, 10);
  const temperature_c = numberOf(fields, 'temperature', -60, 125);
  const bore_mm = numberOf(fields, 'bore', 1, 1000);
  if (bore_mm !== null && !bores_mm.has(bore_mm)) throw new Wrong('bore is not the nominal diameter of a meter in mm');
  const [current, ...earlier] = readings;
  if (current === undefined) throw new Wrong('there is no register');
  if (battery_v !== null) current.battery_v = battery_v;
  if (temperature_c !== null) current.temperature_c = temperature_c;
  const firmware = textOf(fields, 'firmware');
  const type = textOf(fields, 'metertype');
  return {
    meter_id: serialOf(fields),
    model: `NB-IoT modem${firmware === null ? '' : ` ${firmware}`}${type === null ? '' : `, ${type} meter`}`,
    ...(bore_mm === null ? {} : { bore_mm }),
    readings: [current, ...earlier.map((reading): DecodedReading => ({ ...reading, kind: 'historic' }))],
    flags: flagsOf(fields),
  };
}

/** Newest first. */
function readingsOf(fields: Fields): DecodedReading[] {
  const single = fields.get('register');
  const listed = fields.get('registers');
  if ((single === undefined) === (listed === undefined)) throw new Wrong('there is not one of register and registers');
  const list = single === undefined ? listed : [single];
  if (!Array.isArray(list) || list.length === 0 || list.length > mostRegisters) {
    throw new Wrong(`registers is not a list of 1 to ${mostRegisters}`);
  }
  const last = timeOf(fields.get('measuredat'), 'measured_at');
  if (list.every((entry) => typeof entry === 'object')) return ownTimes(list);
  const interval_h = numberOf(fields, 'meteringinterval', 1 / 60, 24 * 31) ?? 1;
  if (list.length > 1 && last === null) throw new Wrong('registers have no time; give measured_at');
  return list
    .map((entry, index): DecodedReading => {
      const back_ms = Math.round((list.length - 1 - index) * interval_h * hour_ms);
      return { measured_at: last === null ? null : timeBefore(last, back_ms), register_l: litresOf(entry, index) };
    })
    .reverse();
}

function ownTimes(list: readonly unknown[]): DecodedReading[] {
  const readings = list.map((entry, index) => {
    const fields = fieldsOf(entry, `register ${index}`);
    const time = timeOf(fields.get('at'), `at of register ${index}`);
    if (time === null) throw new Wrong(`register ${index} has no at`);
    return { time, register_l: litresOf(fields.get('register'), index) };
  });
  if (new Set(readings.map(({ time }) => time.suffix === '')).size > 1) {
    throw new Wrong('some registers have local times and some have offsets');
  }
  return readings
    .sort((one, two) => two.time.at_ms - one.time.at_ms)
    .map(({ time, register_l }) => ({ measured_at: timeBefore(time, 0), register_l }));
}

function litresOf(value: unknown, index: number): number {
  const register_l = litresOfCubicMetres(value);
  if (register_l === null) throw new Wrong(`register ${index} is not m³ with at most 3 decimals, from 0, below 10^9`);
  return register_l;
}

function timeOf(value: unknown, what: string): WrittenTime | null {
  if (value === undefined) return null;
  const time = typeof value === 'string' ? writtenTime(value) : null;
  if (time === null) {
    throw new Wrong(`${what} is not a time as 2026-03-01T06:00:00+09:00, or without offset a local one`);
  }
  return time;
}

function numberOf(fields: Fields, name: string, least: number, most: number): number | null {
  const value = fields.get(name);
  // `battery` is a voltage, or, where the flags stand beside the rest, a flag.
  if (value === undefined || (name === 'battery' && flagOf(value) !== null)) return null;
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^-?\d{1,9}(\.\d{1,6})?$/.test(value));
  const number = isNumber ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most)) throw new Wrong(`${name} is not a number from ${least} to ${most}`);
  return number;
}

function textOf(fields: Fields, name: string): string | null {
  const value = fields.get(name);
  if (value === undefined) return null;
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^[\w .,:/-]{1,32}$/.test(text)) {
    throw new Wrong(`${name} is not a text of 1 to 32 plain characters`);
  }
  return text;
}

function serialOf(fields: Fields): string | null {
  const serial = textOf(fields, 'meterserial');
  if (serial !== null && !/^[\w.-]+$/.test(serial)) throw new Wrong('meterserial has a character that no serial has');
  return serial;
}

function flagsOf(fields: Fields): string[] {
  const given = fields.get('flags');
  const flags = given === undefined ? fields : fieldsOf(given, 'flags');
  const raised: string[] = [];
  for (const [field, flag] of flagFields) {
    const value = flags.get(field);
    if (value === undefined) continue;
    const raisedHere = flagOf(value);
    if (raisedHere === null) {
      if (flags === fields && field === 'battery') continue;
      throw new Wrong(`the flag ${field} is not true or false`);
    }
    if (raisedHere) raised.push(flag);
  }
  return orderedFlags(raised);
}

function flagOf(value: unknown): boolean | null {
  if (value === true || value === 1 || value === '1' || value === 'Y') return true;
  if (value === false || value === 0 || value === '0' || value === 'N') return false;
  return null;
}

/** Six hours and what the modem says of itself, as a modem sends them every six hours. */
const mostEncoded = 6;

function encode(reading: EncodableReading): Uint8Array {
  const offset_min = reading.utc_offset_min;
  const sign = offset_min < 0 ? '-' : '+';
  const two = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, '0');
  const suffix = `${sign}${two(Math.trunc(offset_min / 60))}:${two(offset_min % 60)}`;
  const raised = new Set(reading.flags);
  const registers = reading.readings.slice(-mostEncoded).map(({ measured_at_ms, register_l }) => ({
    at: `${localIso(measured_at_ms + offset_min * 60_000)}${suffix}`,
    register: `${Math.floor(register_l / 1000)}.${String(register_l % 1000).padStart(3, '0')}`,
  }));
  const report = {
    meter_serial: reading.meter_id,
    meter_type: 'digital',
    bore: reading.bore_mm,
    ...(reading.battery_v === undefined ? {} : { battery: reading.battery_v }),
    metering_interval: 1,
    reporting_interval: mostEncoded,
    registers,
    flags: Object.fromEntries([...flagFields].map(([field, flag]) => [field, raised.has(flag)])),
  };
  return new TextEncoder().encode(JSON.stringify(report));
}

function hexOf(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export const nbiotKr: PayloadFormat = {
  name: 'nbiot-kr',
  version: 1,
  most_readings: mostEncoded,
  decode,
  encode,
  examples: [
    {
      title: 'Three hours, the last at six in the morning of Seoul; a leak',
      payload_hex: hexOf(
        '{"modem_serial":"NB24-000123","firmware":"1.2.0","battery":3.6,"temperature":11.5,"rssi":-71,"rsrp":-98,"rsrq":-11,"snr":12,"meter_serial":"23165017","meter_type":"digital","bore":15,"metering_interval":1,"reporting_interval":6,"measured_at":"2026-03-01T06:00:00+09:00","registers":["225.110",225.132,"225.151"],"flags":{"overload":false,"leak":true,"reverse":false,"battery":false}}',
      ),
      expect: {
        ok: true,
        uplink: {
          meter_id: '23165017',
          model: 'NB-IoT modem 1.2.0, digital meter',
          bore_mm: 15,
          readings: [
            {
              measured_at: '2026-03-01T06:00:00+09:00',
              register_l: 225_151,
              battery_v: 3.6,
              temperature_c: 11.5,
            },
            { measured_at: '2026-03-01T05:00:00+09:00', register_l: 225_132, kind: 'historic' },
            { measured_at: '2026-03-01T04:00:00+09:00', register_l: 225_110, kind: 'historic' },
          ],
          flags: ['leak'],
        },
      },
    },
    {
      title: 'A register finer than a litre',
      payload_hex: hexOf('{"meter_serial":"23165017","register":"225.1512"}'),
      expect: refused('NBIOT_INVALID', 'register 0 is not m³ with at most 3 decimals, from 0, below 10^9'),
    },
  ],
};
