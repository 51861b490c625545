// Quandify CubicMeter 1.1 over LoRaWAN: the status report, on its own (port 1) or as the answer to a request (port 6).
//
//   report, 28 bytes, little-endian: error2 at 4, total litres4 at 6, leak state1 at 22, battery active1 and recovered1 at
//   23 and 24 (1800 mV + 8 mV steps), water temperature lowest1 and highest1 since the last report at 25 and 26, ambient1
//   at 27 (half degrees from -20 °C). Of the error, bit 15 says that no water is sensed and 384 is backward flow.
//
// Source: quandify/cubicmeter-1.1, README and decoder; The Things Network's device repository, vendor/quandify. The two
// number the leak states differently (medium and large are 2 and 3, or 3 and 4), and the published normal report is in
// state 2: here 3 and up is a leak.
import { orderedFlags } from './flags.ts';
import { type DecodeOptions, type DecodeResult, type PayloadFormat, refused } from './payload-format.ts';

const reportPort = 1;
const answerPort = 6;
const reportLength = 28;
/** Port asked on, status, kind of what follows. */
const answerHeader = 3;
const answerWithReport = 1;

const batteryLow_mv = 3100;
const leakFrom = 3;
const reverseFlow = 384;

function decode(payload: Uint8Array, { f_port }: DecodeOptions): DecodeResult {
  if (f_port !== undefined && f_port !== reportPort && f_port !== answerPort) {
    return refused('LORAWAN_PORT_UNKNOWN', 'status reports come on port 1, or within an answer on port 6');
  }
  const isAnswer = f_port === undefined ? payload.length !== reportLength : f_port === answerPort;
  if (!isAnswer) return report(payload);
  if (payload.length >= answerHeader && (payload[1] !== 0 || payload[2] !== answerWithReport)) {
    return refused('NO_VOLUME', 'an answer to a request that has no status report in it');
  }
  return report(payload.subarray(answerHeader));
}

function report(bytes: Uint8Array): DecodeResult {
  if (bytes.length !== reportLength) {
    return refused('PAYLOAD_LENGTH_WRONG', `a status report has ${reportLength} bytes, not ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const error = view.getUint16(4, true);
  const code = error & 0x7fff;
  const battery_mv = 1800 + 8 * view.getUint8(24);
  const flags: string[] = [];
  if ((error & 0x8000) !== 0) flags.push('dry');
  if (code === reverseFlow) flags.push('backflow');
  else if (code !== 0) flags.push('error');
  if (view.getUint8(22) >= leakFrom) flags.push('leak');
  if (battery_mv <= batteryLow_mv) flags.push('battery_low');
  return {
    ok: true,
    uplink: {
      meter_id: null,
      model: 'Quandify CubicMeter 1.1',
      readings: [
        {
          measured_at: null,
          register_l: view.getUint32(6, true),
          battery_v: battery_mv / 1000,
          // Of the two the one that matters to a pipe: the lowest.
          temperature_c: view.getUint8(25) / 2 - 20,
        },
      ],
      flags: orderedFlags(flags),
    },
  };
}

export const lorawanQuandify: PayloadFormat = {
  name: 'lorawan-quandify',
  version: 1,
  decode,
  examples: [
    {
      title: 'The maker’s published status report: 5,342 litres',
      payload_hex: '49fbdf010000de1400000000000046eddf0106fc8b0702e2e6535455',
      f_port: 1,
      expect: {
        ok: true,
        uplink: {
          meter_id: null,
          model: 'Quandify CubicMeter 1.1',
          readings: [{ measured_at: null, register_l: 5342, battery_v: 3.64, temperature_c: 21.5 }],
          flags: [],
        },
      },
    },
    {
      title: 'The maker’s published answer to a change of pipe',
      payload_hex: '0400021000001602053f0100000300e3ddcbb1bd758732000001000000000000010000000000',
      f_port: 6,
      expect: refused('NO_VOLUME', 'an answer to a request that has no status report in it'),
    },
  ],
};
