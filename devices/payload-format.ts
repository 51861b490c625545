// The shape every payload format in this folder has: bytes from a meter in, readings in whole litres out.

/** One register value, as the meter told it. */
export interface DecodedReading {
  /**
   * ISO 8601. With `Z` or an offset when the telegram has an absolute time; local (`2026-03-01T10:00` or `…:00:30`)
   * when it has the meter's own local time; null when it has none, and the time of receipt stands in.
   */
  measured_at: string | null;
  /** Whole litres. Anything finer is rounded down: a register has not passed a litre before it has. */
  register_l: number;
  /** `historic` for a value the meter stored earlier (a due date, a month's end); absent means current. */
  kind?: 'current' | 'historic';
  /** The register as told, where it is finer than a litre: `81097.6`. */
  exact_l?: number;
  /** What flowed the other way, whole litres, rounded down; its own register, not taken off `register_l`. */
  backward_l?: number;
  battery_v?: number;
  temperature_c?: number;
  flow_l_per_h?: number;
}

/** What one telegram says. The current reading comes first, where there is one. */
export interface DecodedUplink {
  /** The meter's serial as printed on it, in digits; null when the payload does not name its meter. */
  meter_id: string | null;
  /** What can be told of the make, for people: `QDS water, version 26`. */
  model: string | null;
  /** Nominal diameter, where the telegram tells it. */
  bore_mm?: number;
  readings: DecodedReading[];
  /** Names from flags.ts, each once, in that list's order. */
  flags: string[];
  /** What the meter says of its state, in its maker's words, sorted; empty: all is well; absent: it says nothing. */
  status?: string[];
  /** Every volume of the telegram as told, for people; what counts is `readings`. */
  volumes?: DecodedVolume[];
  /** Every date of the telegram. */
  dates?: DecodedDate[];
}

/** A volume as a telegram told it; it need not be placed in time, or be a register at all. */
export interface DecodedVolume {
  volume_l: number;
  /** `total`: a register; forward and backward flow alone; `other`: of a time, a tariff's limit, a maximum … */
  of: 'total' | 'forward' | 'backward' | 'other';
  /** 0 is now; 1 and up are values kept from earlier. */
  storage: number;
  tariff: number;
  subunit: number;
  /** When it was kept, local, as exact as told (`2026-03-01`, `2026-03-01T10:00`); null when not told, or when it is now. */
  at: string | null;
}

export interface DecodedDate {
  /** The meter's clock; a kept value's; a due date to come; of an error, a leak, a tampering, a peak. */
  of: 'clock' | 'kept' | 'next' | 'error' | 'leak' | 'tamper' | 'maximum' | 'minimum' | 'other';
  /** Local, as exact as told. */
  at: string;
  storage: number;
  /** Present where the meter itself says not to trust it. */
  valid?: false;
}

export type DecodeResult = { ok: true; uplink: DecodedUplink } | { ok: false; problem: DecodeProblem };

/** Why a payload could not be read: a stable code, and a sentence that never repeats the payload. */
export interface DecodeProblem {
  code: string;
  detail: string;
}

/** What the simulator hands to an encoder. */
export interface EncodableReading {
  meter_id: string;
  bore_mm: number;
  /** Oldest first, the current one last. At most `most_readings` of the format are taken. */
  readings: readonly { measured_at_ms: number; register_l: number }[];
  flags: readonly string[];
  battery_v?: number;
  /** Minutes east of UTC of the meter's local clock, for formats that send local time. */
  utc_offset_min: number;
}

/** What is known besides the bytes. */
export interface DecodeOptions {
  /** The meter's AES key, 16 bytes. */
  key?: Uint8Array;
  /** The LoRaWAN port it came on, where a network server told it. */
  f_port?: number;
  /** When the network server, or else the intake, received it: for formats that count back from then. */
  received_at_ms?: number;
}

interface FormatExample {
  /** Where the bytes come from, or what they show. */
  title: string;
  payload_hex: string;
  key_hex?: string;
  f_port?: number;
  received_at?: string;
  expect: DecodeResult;
}

export interface PayloadFormat {
  /** As said on the command line and in the store: `senml+json`. */
  readonly name: string;
  /** Raised whenever the same bytes would decode differently, so that a reading tells which decoder made it. */
  readonly version: number;
  readonly examples: readonly FormatExample[];
  /** How many readings one payload of `encode` can carry. */
  readonly most_readings?: number;
  /** Never throws, whatever the bytes, and never reads beyond them. */
  decode(payload: Uint8Array, options: DecodeOptions): DecodeResult;
  /** The payload a meter would send. For simulators and tests. */
  encode?(reading: EncodableReading): Uint8Array;
}

/** The refusal half of a `DecodeResult`. */
export function refused(code: string, detail: string): { ok: false; problem: DecodeProblem } {
  return { ok: false, problem: { code, detail } };
}
