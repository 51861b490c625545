// Arad LoRa units (Sonata, wall mount and others): standard and alarm message, data log, log beacon. Big-endian.
//
//   9D standard, 9B alarm   type1 device1 alarms2 moreAlarms2 volume4 factor1                              11 bytes
//   06 data log             type1 reserved2 device1 volume4 factor1 sinceRecord2 betweenRecords2 alarms2
//                           battery2 deltaFactor1 delta2 × 12                                              42 bytes
//   80 log beacon           type1 device1 firmware2 rssi1 time4 volume4 factor1 alarms2 battery2
//                           delta2 × 6 (hours) week4 × 5                                                   50 bytes
//
// A volume counts 10^(factor − 7) litres: that the unit is the litre is told by the published example, where a household's
// hours are 26 to 160 of it and its days fit its weeks. The data log counts minutes back from its receipt; the beacon has
// its own clock. Deltas above 7FFF mark a record that is not there, and with it the ones before are lost. The weeks of the
// beacon are read past: what day they were taken on is not said.
//
// Source: a public decoder of Arad's units after the LoRa Alliance's codec interface, with the example of Arad's document.
import { orderedFlags } from './flags.ts';
import {
  type DecodedReading,
  type DecodeOptions,
  type DecodeResult,
  type PayloadFormat,
  refused,
} from './payload-format.ts';

const messages: ReadonlyMap<number, { name: string; length: number }> = new Map([
  [0x9d, { name: 'standard message', length: 11 }],
  [0x9b, { name: 'alarm message', length: 11 }],
  [0x06, { name: 'data log', length: 42 }],
  [0x80, { name: 'log beacon', length: 50 }],
]);

const units: ReadonlyMap<number, string> = new Map([
  [0x52, 'LoRa 9xx wall mount'],
  [0x54, 'LoRa Glatt'],
  [0x56, 'LoRa Sonata 1'],
  [0x57, 'LoRa Sonata 2'],
  [0x59, 'LoRa/OMS 8xx Sonata 1'],
  [0x5a, 'LoRa/OMS 8xx wall mount'],
  [0x5c, 'LoRa Interpreter'],
]);

/** By bit; the others concern the radio and the unit's own care. */
const alarmFlags: ReadonlyMap<number, string> = new Map([
  [0, 'tamper'],
  [1, 'tamper'],
  [2, 'backflow'],
  [3, 'leak'],
  [5, 'battery_low'],
  [7, 'error'],
  [8, 'freeze'],
  [9, 'tamper'],
  [10, 'overload'],
  [11, 'burst'],
  [12, 'dry'],
  [13, 'battery_low'],
  [14, 'error'],
]);

/** From here on a delta is a mark: empty, too large, meter not read, digit not read. */
const noDelta = 0x8000;
const noVolume = 0x8000_0000;
const logDeltas = 12;
const beaconDeltas = 6;
const minute_ms = 60_000;
const hour_ms = 3_600_000;
/** 2015-01-01: no unit's clock was set before. */
const earliest_ms = 1_420_070_400_000;

function decode(payload: Uint8Array, { received_at_ms }: DecodeOptions): DecodeResult {
  const message = messages.get(payload[0] ?? -1);
  if (message === undefined) return refused('ARAD_MESSAGE_UNKNOWN', 'the first byte names no message with a volume');
  if (payload.length !== message.length) {
    return refused('PAYLOAD_LENGTH_WRONG', `a ${message.name} has ${message.length} bytes, not ${payload.length}`);
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload[0] === 0x06) return dataLog(view, received_at_ms);
  if (payload[0] === 0x80) return logBeacon(view);
  const register = volumeAt(view, 6, view.getUint8(10));
  return answer(message.name, view.getUint8(1), view.getUint16(2), [{ measured_at: null, register }]);
}

function dataLog(view: DataView, received_at_ms: number | undefined): DecodeResult {
  const register = volumeAt(view, 4, view.getUint8(8));
  const between_ms = view.getUint16(11) * minute_ms;
  const readings: Measured[] = [{ measured_at: null, register }];
  if (received_at_ms !== undefined) {
    // Whole minutes, as the unit counts: so two messages that tell the same record tell it at the same instant.
    const newest_ms = Math.round(received_at_ms / minute_ms) * minute_ms - view.getUint16(9) * minute_ms;
    readings[0] = { measured_at: isoOf(newest_ms), register };
    const back = (index: number) => deltaAt(view, 18 + 2 * index, view.getUint8(17));
    if (between_ms > 0) pushBack(readings, logDeltas, back, (step) => newest_ms - step * between_ms);
  }
  return answer('data log', view.getUint8(3), view.getUint16(13), readings, view.getUint16(15));
}

function logBeacon(view: DataView): DecodeResult {
  const at_ms = view.getUint32(5) * 1000;
  const factor = view.getUint8(13);
  const register = volumeAt(view, 9, factor);
  const readings: Measured[] = [{ measured_at: at_ms < earliest_ms ? null : isoOf(at_ms), register }];
  const hour_began_ms = Math.floor(at_ms / hour_ms) * hour_ms;
  const back = (index: number) => deltaAt(view, 18 + 2 * index, factor);
  // The first delta is what has run since the hour began.
  if (at_ms >= earliest_ms) pushBack(readings, beaconDeltas, back, (step) => hour_began_ms - (step - 1) * hour_ms);
  return answer('log beacon', view.getUint8(1), view.getUint16(14), readings, view.getUint16(16));
}

/** `register` in ten-thousandths of a litre, the finest factor's step, so that all is whole; null where not read. */
interface Measured {
  measured_at: string | null;
  register: number | null;
}

/** Counts back from the newest register; ends at the first record that is not there. */
function pushBack(
  readings: Measured[],
  count: number,
  back: (index: number) => number | null,
  timeOf: (step: number) => number,
): void {
  let register = readings[0]?.register ?? null;
  for (let index = 0; index < count; index += 1) {
    const delta = back(index);
    if (register === null || delta === null || register < delta) return;
    register -= delta;
    readings.push({ measured_at: isoOf(timeOf(index + 1)), register });
  }
}

const perLitre = 10_000;
/** 10^-4 to 100 litres: what meters of any size are made with, and within whole numbers. */
const finestFactor = 3;
const coarsestFactor = 9;

function scaled(count: number, factor: number): number | null {
  const code = factor & 0x0f;
  return code < finestFactor || code > coarsestFactor ? null : count * 10 ** (code - finestFactor);
}

function deltaAt(view: DataView, at: number, factor: number): number | null {
  const delta = view.getUint16(at);
  return delta >= noDelta ? null : scaled(delta, factor);
}

function volumeAt(view: DataView, at: number, factor: number): number | null {
  const count = view.getUint32(at);
  return count >= noVolume ? null : scaled(count, factor);
}

function answer(
  message: string,
  unit: number,
  alarms: number,
  measured: readonly Measured[],
  battery_mv?: number,
): DecodeResult {
  const [current, ...earlier] = measured;
  if (current === undefined || current.register === null) {
    return refused('NO_VOLUME', 'the unit could not read the meter, or counts in a unit that is not known');
  }
  const flags = [...alarmFlags].filter(([bit]) => ((alarms >> bit) & 1) === 1).map(([, flag]) => flag);
  const readings: DecodedReading[] = [
    {
      measured_at: current.measured_at,
      register_l: Math.floor(current.register / perLitre),
      ...(battery_mv === undefined ? {} : { battery_v: battery_mv / 1000 }),
    },
    ...earlier.map(
      ({ measured_at, register }): DecodedReading => ({
        measured_at,
        register_l: Math.floor((register ?? 0) / perLitre),
        kind: 'historic',
      }),
    ),
  ];
  const model = `Arad ${units.get(unit) ?? `unit ${unit}`}, ${message}`;
  return { ok: true, uplink: { meter_id: null, model, readings, flags: orderedFlags(flags) } };
}

function isoOf(at_ms: number): string {
  return new Date(at_ms).toISOString();
}

export const lorawanArad: PayloadFormat = {
  name: 'lorawan-arad',
  version: 1,
  decode,
  examples: [
    {
      title: 'A Sonata’s log beacon, the example of the maker’s document',
      payload_hex:
        '80590302b26166fcaf00008fd70714140dca003c006b00a0001a006c008400008b350000874b00006c73000027db0000257d',
      expect: {
        ok: true,
        uplink: {
          meter_id: null,
          model: 'Arad LoRa/OMS 8xx Sonata 1, log beacon',
          readings: [
            { measured_at: '2021-10-13T15:35:11.000Z', register_l: 36_823, battery_v: 3.53 },
            { measured_at: '2021-10-13T15:00:00.000Z', register_l: 36_763, kind: 'historic' },
            { measured_at: '2021-10-13T14:00:00.000Z', register_l: 36_656, kind: 'historic' },
            { measured_at: '2021-10-13T13:00:00.000Z', register_l: 36_496, kind: 'historic' },
            { measured_at: '2021-10-13T12:00:00.000Z', register_l: 36_470, kind: 'historic' },
            { measured_at: '2021-10-13T11:00:00.000Z', register_l: 36_362, kind: 'historic' },
            { measured_at: '2021-10-13T10:00:00.000Z', register_l: 36_230, kind: 'historic' },
          ],
          flags: ['backflow', 'overload', 'dry'],
        },
      },
    },
    {
      title: 'A standard message: empty pipe, backward flow, leak',
      payload_hex: '9d59100c0000001aa94607',
      expect: {
        ok: true,
        uplink: {
          meter_id: null,
          model: 'Arad LoRa/OMS 8xx Sonata 1, standard message',
          readings: [{ measured_at: null, register_l: 1_747_270 }],
          flags: ['leak', 'backflow', 'dry'],
        },
      },
    },
    {
      title: 'The same with a byte missing',
      payload_hex: '9d59100c0000001aa946',
      expect: refused('PAYLOAD_LENGTH_WRONG', 'a standard message has 11 bytes, not 10'),
    },
  ],
};
