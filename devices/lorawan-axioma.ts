// Axioma Qalcosonic W1 over LoRaWAN: the short, the extended and the enhanced payload. All numbers little-endian, litres.
//
//   short     time4 status1 volume4 [volume4 …] period4          earlier volumes, `period` seconds apart; newest first
//   extended  time4 status1 volume4 logTime4 logVolume4 delta2 … [2F]   15 steps on from the log's volume
//   enhanced  01 time4 status1 logVolume4 delta14bit × 23, scale6bit    23 hours on from the log's volume, 51 bytes
//
// Source: Axioma Metering, «W1 LoRa payload extended» V01.8 (2020-04-06), port 100 for data and 103 for alarms; the short
// payload and the status codes as published by its users, the enhanced one by The Things Network's device repository
// (vendor/axioma, with a payload recorded from a meter of 2024).
import { orderedFlags } from './flags.ts';
import {
  type DecodedReading,
  type DecodeOptions,
  type DecodeResult,
  type PayloadFormat,
  refused,
} from './payload-format.ts';

const dataPort = 100;
const alarmPort = 103;
const padding = 0x2f;

const shortHeader = 9;
const extendedHeader = 17;
/** Deltas of the extended payload. */
const deltas = 15;
const enhancedLength = 51;
const enhancedDeltas = 23;

/** Steps that a meter's log can be set to. */
const logSteps_s = [300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400];
const hour_s = 3600;

/** 2015-01-01 and 2100-01-01: the meter's clock, where it was ever set, lies between. */
const earliest_s = 1_420_070_400;
const latest_s = 4_102_444_800;

function decode(payload: Uint8Array, { f_port }: DecodeOptions): DecodeResult {
  if (f_port === alarmPort) {
    return refused('NO_VOLUME', 'an alarm message has no register; the next message on port 100 has both');
  }
  if (f_port !== undefined && f_port !== dataPort) {
    return refused('LORAWAN_PORT_UNKNOWN', 'registers come on port 100');
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload.length === enhancedLength && payload[0] === 1) return enhanced(view);
  const bare = payload.length % 2 === 0 && payload.at(-1) === padding ? payload.length - 1 : payload.length;
  if (bare === extendedHeader + 2 * deltas) return extended(view);
  if (payload.length === shortHeader || (payload.length > shortHeader && (payload.length - shortHeader) % 4 === 0)) {
    return short(view);
  }
  return refused('PAYLOAD_LENGTH_WRONG', 'the length is that of no Qalcosonic W1 payload');
}

function short(view: DataView): DecodeResult {
  const at_s = view.getUint32(0, true);
  const readings = [{ at_s, register_l: view.getUint32(5, true) }];
  const kept = Math.max(0, (view.byteLength - shortHeader) / 4 - 1);
  const period_s = kept > 0 ? view.getUint32(view.byteLength - 4, true) : 0;
  if (logSteps_s.includes(period_s)) {
    for (let step = 1; step <= kept; step += 1) {
      readings.push({ at_s: at_s - step * period_s, register_l: view.getUint32(shortHeader + 4 * (step - 1), true) });
    }
  }
  return answer('short', view.getUint8(4), readings);
}

function extended(view: DataView): DecodeResult {
  const at_s = view.getUint32(0, true);
  const log_s = view.getUint32(9, true);
  const readings = [{ at_s: log_s, register_l: view.getUint32(13, true) }];
  // The step is a setting that the payload leaves out, but the newest of its fifteen lies less than one step back. Where
  // no step fits, the log's own volume is still sure.
  const step_s = logSteps_s.find((step) => log_s + deltas * step <= at_s && at_s < log_s + (deltas + 1) * step);
  if (step_s !== undefined) {
    for (let step = 1; step <= deltas; step += 1) {
      // No W1 passes 32 m³ in a step; what looks like it is backward flow in two's complement.
      const delta_l = view.getInt16(extendedHeader + 2 * (step - 1), true);
      readings.push({ at_s: log_s + step * step_s, register_l: (readings.at(-1)?.register_l ?? 0) + delta_l });
    }
  }
  readings.push({ at_s, register_l: view.getUint32(5, true) });
  return answer('extended', view.getUint8(4), readings.reverse());
}

function enhanced(view: DataView): DecodeResult {
  const bits = bitsFrom(view, 10);
  if (bits(enhancedDeltas * 14, 6) !== 0) {
    return refused('AXIOMA_SCALE_UNKNOWN', 'the hourly volumes are scaled by a factor whose meaning is not published');
  }
  // The newest hour is the one that had just ended.
  const newest_s = Math.floor(view.getUint32(1, true) / hour_s) * hour_s;
  let register_l = view.getUint32(6, true);
  const readings = [{ at_s: newest_s - enhancedDeltas * hour_s, register_l }];
  for (let step = 0; step < enhancedDeltas; step += 1) {
    register_l += bits(step * 14, 14);
    readings.push({ at_s: newest_s - (enhancedDeltas - 1 - step) * hour_s, register_l });
  }
  return answer('enhanced', view.getUint8(5), readings.reverse());
}

/** Reads bit fields that run on from byte to byte, the least significant bit first. */
function bitsFrom(view: DataView, start: number): (offset: number, count: number) => number {
  return (offset, count) => {
    let value = 0;
    for (let bit = 0; bit < count; bit += 1) {
      const position = offset + bit;
      value |= ((view.getUint8(start + (position >> 3)) >> (position & 7)) & 1) << bit;
    }
    return value;
  };
}

/** @param readings newest first */
function answer(name: string, status: number, readings: { at_s: number; register_l: number }[]): DecodeResult {
  if (readings.some(({ register_l }) => register_l < 0)) {
    return refused('REGISTER_INVALID', 'the volumes since the log take its register below zero');
  }
  const [current, ...earlier] = readings;
  const clockIsSet = current !== undefined && current.at_s >= earliest_s && current.at_s < latest_s;
  // A clock that was never set says nothing about the log either: the current register stands, by its receipt.
  const kept = clockIsSet ? earlier.filter(({ at_s }) => at_s >= earliest_s && at_s < (current?.at_s ?? 0)) : [];
  return {
    ok: true,
    uplink: {
      meter_id: null,
      model: `Axioma Qalcosonic W1, ${name} payload`,
      readings: [
        { measured_at: clockIsSet ? isoOf(current.at_s) : null, register_l: current?.register_l ?? 0 },
        ...kept.map(
          ({ at_s, register_l }): DecodedReading => ({
            measured_at: isoOf(at_s),
            register_l,
            kind: 'historic',
          }),
        ),
      ],
      flags: flagsOf(status),
    },
  };
}

function isoOf(at_s: number): string {
  return new Date(at_s * 1000).toISOString();
}

/** Bits 7 to 5 are one code, not three alarms; bit 4 alone is an empty pipe, beside a code it says that it is passing. */
function flagsOf(status: number): string[] {
  const byCode = [null, 'leak', null, 'backflow', 'freeze', 'burst', 'tamper', null] as const;
  const flags: string[] = [];
  const flag = byCode[status >> 5];
  if (flag !== null && flag !== undefined) flags.push(flag);
  if (status === 0x10) flags.push('dry');
  else if ((status & 0x10) !== 0 && flag === null) flags.push('temporary_error');
  if ((status & 0x08) !== 0) flags.push('permanent_error');
  if ((status & 0x04) !== 0) flags.push('battery_low');
  return orderedFlags(flags);
}

export const lorawanAxioma: PayloadFormat = {
  name: 'lorawan-axioma',
  version: 1,
  decode,
  examples: [
    {
      title: 'Short: the register and two volumes an hour apart, a leak',
      payload_hex: '109da369302f6f0300296f0300196f0300100e0000',
      f_port: 100,
      expect: {
        ok: true,
        uplink: {
          meter_id: null,
          model: 'Axioma Qalcosonic W1, short payload',
          readings: [
            { measured_at: '2026-03-01T01:57:36.000Z', register_l: 225_071 },
            { measured_at: '2026-03-01T00:57:36.000Z', register_l: 225_065, kind: 'historic' },
            { measured_at: '2026-02-28T23:57:36.000Z', register_l: 225_049, kind: 'historic' },
          ],
          flags: ['leak'],
        },
      },
    },
    {
      title: 'Extended: fifteen hours on from the log’s volume, one of them with a litre backward',
      payload_hex: '109da36900366f0300a0bca269e86e0300000000000000000003000c0028000800000000000100020000000900ffff2f',
      f_port: 100,
      expect: {
        ok: true,
        uplink: {
          meter_id: null,
          model: 'Axioma Qalcosonic W1, extended payload',
          readings: [
            { measured_at: '2026-03-01T01:57:36.000Z', register_l: 225_078 },
            { measured_at: '2026-03-01T01:00:00.000Z', register_l: 225_074, kind: 'historic' },
            { measured_at: '2026-03-01T00:00:00.000Z', register_l: 225_075, kind: 'historic' },
            { measured_at: '2026-02-28T23:00:00.000Z', register_l: 225_066, kind: 'historic' },
            { measured_at: '2026-02-28T22:00:00.000Z', register_l: 225_066, kind: 'historic' },
            { measured_at: '2026-02-28T21:00:00.000Z', register_l: 225_064, kind: 'historic' },
            { measured_at: '2026-02-28T20:00:00.000Z', register_l: 225_063, kind: 'historic' },
            { measured_at: '2026-02-28T19:00:00.000Z', register_l: 225_063, kind: 'historic' },
            { measured_at: '2026-02-28T18:00:00.000Z', register_l: 225_063, kind: 'historic' },
            { measured_at: '2026-02-28T17:00:00.000Z', register_l: 225_055, kind: 'historic' },
            { measured_at: '2026-02-28T16:00:00.000Z', register_l: 225_015, kind: 'historic' },
            { measured_at: '2026-02-28T15:00:00.000Z', register_l: 225_003, kind: 'historic' },
            { measured_at: '2026-02-28T14:00:00.000Z', register_l: 225_000, kind: 'historic' },
            { measured_at: '2026-02-28T13:00:00.000Z', register_l: 225_000, kind: 'historic' },
            { measured_at: '2026-02-28T12:00:00.000Z', register_l: 225_000, kind: 'historic' },
            { measured_at: '2026-02-28T11:00:00.000Z', register_l: 225_000, kind: 'historic' },
            { measured_at: '2026-02-28T10:00:00.000Z', register_l: 225_000, kind: 'historic' },
          ],
          flags: [],
        },
      },
    },
    {
      title: 'Enhanced, as recorded from a meter: 23 hours, 116 litres in them',
      payload_hex:
        '01aeac986a003217000000000000000000008003800054000e4005100048000240020000200000000000000000000000000000',
      f_port: 100,
      expect: {
        ok: true,
        uplink: {
          meter_id: null,
          model: 'Axioma Qalcosonic W1, enhanced payload',
          readings: [
            { measured_at: '2026-09-02T23:00:00.000Z', register_l: 6_054 },
            { measured_at: '2026-09-02T22:00:00.000Z', register_l: 6_054, kind: 'historic' },
            { measured_at: '2026-09-02T21:00:00.000Z', register_l: 6_054, kind: 'historic' },
            { measured_at: '2026-09-02T20:00:00.000Z', register_l: 6_054, kind: 'historic' },
            { measured_at: '2026-09-02T19:00:00.000Z', register_l: 6_054, kind: 'historic' },
            { measured_at: '2026-09-02T18:00:00.000Z', register_l: 6_054, kind: 'historic' },
            { measured_at: '2026-09-02T17:00:00.000Z', register_l: 6_054, kind: 'historic' },
            { measured_at: '2026-09-02T16:00:00.000Z', register_l: 6_054, kind: 'historic' },
            { measured_at: '2026-09-02T15:00:00.000Z', register_l: 6_046, kind: 'historic' },
            { measured_at: '2026-09-02T14:00:00.000Z', register_l: 6_046, kind: 'historic' },
            { measured_at: '2026-09-02T13:00:00.000Z', register_l: 6_037, kind: 'historic' },
            { measured_at: '2026-09-02T12:00:00.000Z', register_l: 6_035, kind: 'historic' },
            { measured_at: '2026-09-02T11:00:00.000Z', register_l: 6_017, kind: 'historic' },
            { measured_at: '2026-09-02T10:00:00.000Z', register_l: 6_016, kind: 'historic' },
            { measured_at: '2026-09-02T09:00:00.000Z', register_l: 5_995, kind: 'historic' },
            { measured_at: '2026-09-02T08:00:00.000Z', register_l: 5_981, kind: 'historic' },
            { measured_at: '2026-09-02T07:00:00.000Z', register_l: 5_960, kind: 'historic' },
            { measured_at: '2026-09-02T06:00:00.000Z', register_l: 5_952, kind: 'historic' },
            { measured_at: '2026-09-02T05:00:00.000Z', register_l: 5_938, kind: 'historic' },
            { measured_at: '2026-09-02T04:00:00.000Z', register_l: 5_938, kind: 'historic' },
            { measured_at: '2026-09-02T03:00:00.000Z', register_l: 5_938, kind: 'historic' },
            { measured_at: '2026-09-02T02:00:00.000Z', register_l: 5_938, kind: 'historic' },
            { measured_at: '2026-09-02T01:00:00.000Z', register_l: 5_938, kind: 'historic' },
            { measured_at: '2026-09-02T00:00:00.000Z', register_l: 5_938, kind: 'historic' },
          ],
          flags: [],
        },
      },
    },
    {
      title: 'Shorter than any payload of this meter',
      payload_hex: '809ba369302f',
      f_port: 100,
      expect: refused('PAYLOAD_LENGTH_WRONG', 'the length is that of no Qalcosonic W1 payload'),
    },
  ],
};
