// What a SenML pack says, whichever spelling it came in: the checks on records, base fields worked into them, readings.
// Source: RFC 8428; units from its section 12.1 registry. The house's names are told in senml-json.ts.
import { isFlag, orderedFlags } from './flags.ts';
import { type DecodedReading, type DecodeResult, type EncodableReading, refused } from './payload-format.ts';

/** A week of hourly registers and their flags fits. */
const mostRecords = 256;
/** Of a pack, in either spelling. */
export const mostPayload_bytes = 32_768;

/** Below this a time counts from now, and now is not known here [RFC 8428 section 4.5.3]. */
const relativeBelow_s = 2 ** 28;
/** 2200-01-01: above it is a broken clock or milliseconds, and no year that a meter lives in. */
const latest_s = 7_258_118_400;

/** A register of 15 digits in litres is beyond any meter. */
const mostRegister_l = 999_999_999_999;

type Fault = { code: string; detail: string };
class Refused {
  readonly fault: Fault;
  constructor(code: string, detail: string) {
    this.fault = { code, detail };
  }
}

interface Resolved {
  meter: string | null;
  name: string;
  unit: string | null;
  time_s: number;
  value: number | null;
  text: string | null;
  flag: boolean | null;
}

const fieldTypes: Record<string, 'string' | 'number' | 'boolean'> = {
  bn: 'string',
  bt: 'number',
  bu: 'string',
  bv: 'number',
  bs: 'number',
  bver: 'number',
  n: 'string',
  u: 'string',
  v: 'number',
  vs: 'string',
  vb: 'boolean',
  vd: 'string',
  s: 'number',
  t: 'number',
  ut: 'number',
};

/** @param pack the parsed pack with the labels of JSON; anything else is refused */
export function decodePack(pack: unknown): DecodeResult {
  const records = recordsOf(pack);
  if (records instanceof Refused) return { ok: false, problem: records.fault };
  const resolved = resolve(records);
  if (resolved instanceof Refused) return { ok: false, problem: resolved.fault };
  return uplinkOf(resolved);
}

function recordsOf(pack: unknown): Record<string, unknown>[] | Refused {
  if (!Array.isArray(pack)) return new Refused('SENML_INVALID', 'a SenML pack is an array of records');
  if (pack.length === 0 || pack.length > mostRecords) {
    return new Refused('SENML_INVALID', `a pack has 1 to ${mostRecords} records, not ${pack.length}`);
  }
  for (const [index, record] of pack.entries()) {
    const fault = recordFault(record);
    if (fault !== null) return new Refused('SENML_INVALID', `record ${index}: ${fault}`);
  }
  return pack as Record<string, unknown>[];
}

function recordFault(record: unknown): string | null {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return 'is not an object';
  for (const [field, value] of Object.entries(record)) {
    const type = Object.hasOwn(fieldTypes, field) ? fieldTypes[field] : undefined;
    if (type === undefined) {
      if (field.endsWith('_')) return 'has a field that must be understood and is not';
      continue;
    }
    if (typeof value !== type) return `${field} is not a ${type}`;
    // JSON has no NaN, but 1e309 parses to Infinity.
    if (typeof value === 'number' && !Number.isFinite(value)) return `${field} is not a finite number`;
    if (field === 'bver' && value !== 10) return 'bver is not 10, the one version there is';
  }
  const values = ['v', 'vs', 'vb', 'vd'].filter((field) => Object.hasOwn(record, field));
  return values.length > 1 ? 'has more than one value' : null;
}

/** Works the base fields into each record. Source: RFC 8428 section 4.6. */
function resolve(records: Record<string, unknown>[]): Resolved[] | Refused {
  const resolved: Resolved[] = [];
  let base = { name: '', time_s: 0, unit: null as string | null, value: null as number | null };
  for (const [index, record] of records.entries()) {
    base = {
      name: textOf(record.bn) ?? base.name,
      time_s: numberOf(record.bt) ?? base.time_s,
      unit: textOf(record.bu) ?? base.unit,
      value: numberOf(record.bv) ?? base.value,
    };
    const v = numberOf(record.v);
    // A base value stands for a missing value, unless the record has one of another kind or is only a base.
    const isBase = !['n', 'v', 'vs', 'vb', 'vd', 's'].some((field) => Object.hasOwn(record, field));
    if (isBase) continue;
    const fullName = base.name + (textOf(record.n) ?? '');
    // Source: RFC 8428 section 4.5.1: letters, digits and a few marks, not beginning with a mark.
    if (!/^[A-Za-z0-9][A-Za-z0-9\-:./_]*$/.test(fullName)) {
      return new Refused(
        'SENML_INVALID',
        `record ${index}: the name is empty or has a character that names must not have`,
      );
    }
    const hasOther = ['vs', 'vb', 'vd'].some((field) => Object.hasOwn(record, field));
    resolved.push({
      ...splitName(fullName),
      unit: textOf(record.u) ?? base.unit,
      time_s: base.time_s + (numberOf(record.t) ?? 0),
      value: hasOther || (v === null && base.value === null) ? null : (v ?? 0) + (base.value ?? 0),
      text: textOf(record.vs),
      flag: typeof record.vb === 'boolean' ? record.vb : null,
    });
  }
  return resolved;
}

/** `urn:naru:meter:23165017:register` is the register of meter 23165017. */
function splitName(fullName: string): { meter: string | null; name: string } {
  const parts = fullName.split(/[:/]/);
  return { name: parts.at(-1) ?? '', meter: parts.length > 1 ? (parts.at(-2) ?? null) : null };
}

function uplinkOf(records: Resolved[]): DecodeResult {
  const readings: { time_s: number; reading: DecodedReading }[] = [];
  const extras: Pick<DecodedReading, 'battery_v' | 'temperature_c' | 'flow_l_per_h'> = {};
  const flags = new Set<string>();
  const meters = new Set<string>();
  let model: string | null = null;
  for (const record of records) {
    if (record.meter !== null && record.meter !== '') meters.add(record.meter);
    if (record.name === 'register') {
      const register_l = litresOf(record);
      if (register_l instanceof Refused) return { ok: false, problem: register_l.fault };
      const time = timeOf(record.time_s);
      if (time instanceof Refused) return { ok: false, problem: time.fault };
      readings.push({ time_s: record.time_s, reading: { measured_at: time, register_l } });
    } else if (isFlag(record.name) && record.flag === true) flags.add(record.name);
    else if (record.name === 'model' && record.text !== null) model = record.text.slice(0, 64);
    else readExtra(extras, record);
  }
  if (meters.size > 1) return refused('SENML_INVALID', 'the pack speaks of more than one meter');
  if (readings.length === 0) return refused('NO_VOLUME', 'no record is named register');
  // Newest first; what has no time was measured when it was sent.
  readings.sort((one, two) => (two.time_s || Number.MAX_VALUE) - (one.time_s || Number.MAX_VALUE));
  const ordered = readings.map(
    ({ reading }, index): DecodedReading =>
      index === 0 ? { ...reading, ...extras } : { ...reading, kind: 'historic' },
  );
  return {
    ok: true,
    uplink: { meter_id: [...meters][0] ?? null, model, readings: ordered, flags: orderedFlags(flags) },
  };
}

/** Whole litres; the double nearest to 225.151 is a hair below it, so a register is rounded at the millilitre first. */
function litresOf(record: Resolved): number | Refused {
  const wrong = new Refused('REGISTER_INVALID', 'a register is a number of m3 or l, not negative, below 10^12 l');
  if (record.value === null || record.value < 0) return wrong;
  const scale_ml = record.unit === 'm3' ? 1_000_000 : record.unit === 'l' ? 1000 : null;
  if (scale_ml === null) return wrong;
  const register_l = Math.floor(Math.round(record.value * scale_ml) / 1000);
  return register_l <= mostRegister_l ? register_l : wrong;
}

/** ISO 8601 in UTC; null for now, and for a time relative to now, which the time of receipt stands in for. */
function timeOf(time_s: number): string | null | Refused {
  if (time_s === 0) return null;
  if (time_s < relativeBelow_s || time_s > latest_s) {
    return new Refused('TIME_INVALID', 'a time is seconds since 1970, from 1978 to 2200; relative times need a clock');
  }
  return new Date(Math.round(time_s * 1000)).toISOString();
}

function readExtra(
  extras: Pick<DecodedReading, 'battery_v' | 'temperature_c' | 'flow_l_per_h'>,
  record: Resolved,
): void {
  if (record.value === null) return;
  if (record.name === 'battery' && record.unit === 'V') extras.battery_v = record.value;
  if (record.name === 'temperature' && record.unit === 'Cel') extras.temperature_c = record.value;
  if (record.name === 'flow' && record.unit === 'm3/s') extras.flow_l_per_h = Math.round(record.value * 3_600_000);
  if (record.name === 'flow' && record.unit === 'l/s') extras.flow_l_per_h = Math.round(record.value * 3600);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** A week of hours. */
export const mostEncoded = 168;

/** Registers in litres, so that a whole number stays one; the newest time is the base and the others count back from it. */
export function packOf(reading: EncodableReading): Record<string, unknown>[] {
  const readings = reading.readings.slice(-mostEncoded);
  const base_ms = readings.at(-1)?.measured_at_ms ?? 0;
  const records: Record<string, unknown>[] = readings.map(({ measured_at_ms, register_l }) => ({
    n: 'register',
    v: register_l,
    ...(measured_at_ms === base_ms ? {} : { t: (measured_at_ms - base_ms) / 1000 }),
    u: 'l',
  }));
  for (const flag of reading.flags.filter(isFlag)) records.push({ n: flag, vb: true });
  if (reading.battery_v !== undefined) records.push({ n: 'battery', u: 'V', v: reading.battery_v });
  const [first = {}, ...rest] = records;
  return [{ bn: `urn:naru:meter:${reading.meter_id}:`, bt: base_ms / 1000, ...first }, ...rest];
}
