// Milesight EM300-DI and EM300-DI-Hall over LoRaWAN: a pulse counter on a water meter. Port 85 as delivered.
//
// A payload is channel1 type1 data, again and again, little-endian:
//   05 E1   perPulses2 pulses2 water4   the counter as water (32-bit float); 85 E1 with alarm1 behind it
//   21 CE   time4 temperature2 humidity1 alarm1 mode1 level1 perPulses2 pulses2 water4   kept from earlier, mode 2 = counter
//   05 C8   pulses4; 20 CE the same kept from earlier    pulses alone
//   01 75 battery1 (%), 03 67 temperature2 (tenths), 04 68 humidity1, 05 00 level1, 85 00 level1 alarm1
//   FF ..   what the unit says of itself when it joins
// The unit of water is set in the unit's pulse conversion and not sent: set it to litres, starting at the meter's register.
// Pulses alone are refused, since how many make a litre is not known here.
//
// Source: Milesight-IoT/SensorDecoders, em-series/em300-di (README and example).
import { orderedFlags } from './flags.ts';
import {
  type DecodedReading,
  type DecodeOptions,
  type DecodeResult,
  type PayloadFormat,
  refused,
} from './payload-format.ts';

const port = 85;

/** Data bytes behind channel and type. */
const lengths: ReadonlyMap<number, number> = new Map([
  [0x0175, 1],
  [0x0367, 2],
  [0x0468, 1],
  [0x0500, 1],
  [0x05c8, 4],
  [0x05e1, 8],
  [0x8500, 2],
  [0x85e1, 9],
  [0x20ce, 13],
  [0x21ce, 18],
  [0xff01, 1],
  [0xff09, 2],
  [0xff0a, 2],
  [0xff0b, 1],
  [0xff0f, 1],
  [0xff16, 8],
  [0xfffe, 1],
  [0xffff, 2],
]);

const flowTooLong = 3;
const noFlowTooLong = 1;
const counterMode = 2;
const batteryLow_percent = 10;
/** Up to here a 32-bit float tells every litre from the next. */
const mostExact_l = 2 ** 24;
/** 2015-01-01: no unit's clock was set before. */
const earliest_s = 1_420_070_400;

interface Told {
  water_l: number | null;
  pulses: boolean;
  temperature_c: number | null;
  flags: string[];
  kept: DecodedReading[];
}

function decode(payload: Uint8Array, { f_port }: DecodeOptions): DecodeResult {
  if (f_port !== undefined && f_port !== port) return refused('LORAWAN_PORT_UNKNOWN', 'reports come on port 85');
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const told: Told = { water_l: null, pulses: false, temperature_c: null, flags: [], kept: [] };
  for (let at = 0; at < payload.length; ) {
    const kind = at + 2 <= payload.length ? view.getUint16(at) : -1;
    const length = lengths.get(kind);
    if (length === undefined) {
      return refused('MILESIGHT_CHANNEL_UNKNOWN', `the channel and type at byte ${at} are none of an EM300-DI`);
    }
    if (at + 2 + length > payload.length) return refused('PAYLOAD_LENGTH_WRONG', 'the payload ends inside a value');
    const fault = take(told, kind, new DataView(payload.buffer, payload.byteOffset + at + 2, length));
    if (fault !== null) return fault;
    at += 2 + length;
  }
  return answer(told);
}

type Fault = Extract<DecodeResult, { ok: false }> | null;

function take(told: Told, kind: number, data: DataView): Fault {
  if (kind === 0x05e1 || kind === 0x85e1) {
    told.water_l = data.getFloat32(4, true);
    if (!isRegister(told.water_l)) return notExact();
  }
  if (kind === 0x85e1) takeAlarm(told, data.getUint8(8));
  if (kind === 0x05c8 || kind === 0x20ce) told.pulses = true;
  if (kind === 0x0367) told.temperature_c = data.getInt16(0, true) / 10;
  if (kind === 0x0175 && data.getUint8(0) <= batteryLow_percent) told.flags.push('battery_low');
  if (kind === 0x21ce && data.getUint8(8) === counterMode) {
    const at_s = data.getUint32(0, true);
    const water_l = data.getFloat32(14, true);
    if (!isRegister(water_l)) return notExact();
    if (at_s >= earliest_s) {
      told.kept.push({
        measured_at: new Date(at_s * 1000).toISOString(),
        register_l: Math.floor(water_l),
        kind: 'historic',
      });
    }
  }
  return null;
}

function takeAlarm(told: Told, alarm: number): void {
  if (alarm === flowTooLong) told.flags.push('leak');
  if (alarm === noFlowTooLong) told.flags.push('no_use');
}

function isRegister(water_l: number): boolean {
  return water_l >= 0 && water_l <= mostExact_l;
}

function notExact(): Extract<DecodeResult, { ok: false }> {
  return refused(
    'REGISTER_INVALID',
    `the water counter is not from 0 to ${mostExact_l} litres, where it tells each one`,
  );
}

function answer(told: Told): DecodeResult {
  const readings: DecodedReading[] = [];
  if (told.water_l !== null) {
    readings.push({
      measured_at: null,
      register_l: Math.floor(told.water_l),
      ...(told.temperature_c === null ? {} : { temperature_c: told.temperature_c }),
    });
  }
  readings.push(...told.kept);
  if (readings.length === 0 && told.pulses) {
    return refused('PULSES_WITHOUT_LITRES', 'pulses alone are no register; set the unit’s pulse conversion to litres');
  }
  if (readings.length === 0) return refused('NO_VOLUME', 'the message has no water counter');
  return {
    ok: true,
    uplink: { meter_id: null, model: 'Milesight EM300-DI', readings, flags: orderedFlags(told.flags) },
  };
}

export const lorawanMilesight: PayloadFormat = {
  name: 'lorawan-milesight',
  version: 1,
  decode,
  examples: [
    {
      title: 'Battery, temperature and the counter at 12,345 litres; one kept value, an hour before it',
      payload_hex: '01755c0367730004686505e10a000a0000e4404621ce908fa36910015d0002000a000a0000d04046',
      f_port: 85,
      expect: {
        ok: true,
        uplink: {
          meter_id: null,
          model: 'Milesight EM300-DI',
          readings: [
            { measured_at: null, register_l: 12_345, temperature_c: 11.5 },
            { measured_at: '2026-03-01T01:00:00.000Z', register_l: 12_340, kind: 'historic' },
          ],
          flags: [],
        },
      },
    },
    {
      title: 'The maker’s published report of pulses alone',
      payload_hex: '01755c0367340104686520ce9e74466310015d020000010000',
      f_port: 85,
      expect: refused(
        'PULSES_WITHOUT_LITRES',
        'pulses alone are no register; set the unit’s pulse conversion to litres',
      ),
    },
  ],
};
