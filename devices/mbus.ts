// Wired M-Bus: the long frame with which a meter answers a master, in the variable and in the old fixed data structure.

import { isFixedData, readFixedData } from './mbus-fixed-data.ts';
import { longFrame } from './mbus-long-frame.ts';
import { readTelegram } from './mbus-telegram.ts';
import { type DecodeResult, type PayloadFormat, refused } from './payload-format.ts';

const applicationError = 0x70;

function decode(payload: Uint8Array, options: { key?: Uint8Array }): DecodeResult {
  const frame = longFrame(payload);
  if (frame === null) return refused('FRAME_START_WRONG', 'a long frame begins with 68 L L 68');
  if ('ok' in frame) return refused(frame.code, frame.detail);
  const { body } = frame;
  if (body[0] === applicationError) {
    return refused('METER_REPORTS_ERROR', `the meter answers with its error ${body[1] ?? 0}, not with data`);
  }
  if (isFixedData(body)) return readFixedData(body);
  return readTelegram({ body, link: payload, sender: null, authenticated: null, key: options.key });
}

export const mbus: PayloadFormat = {
  name: 'mbus',
  version: 2,
  decode,
  examples: [
    {
      title: 'OMS-Specification volume 2 annex N.2.2: a gas meter, not encrypted',
      payload_hex: '6820206808fd7278563412931533032a0000000c1427048502046d32371f1502fd1700008916',
      expect: {
        ok: true,
        uplink: {
          meter_id: '12345678',
          model: 'ELS gas, version 51',
          readings: [{ measured_at: '2008-05-31T23:50', register_l: 28_504_270 }],
          flags: [],
          status: [],
          volumes: [{ volume_l: 28_504_270, of: 'total', storage: 0, tariff: 0, subunit: 0, at: null }],
          dates: [{ of: 'clock', at: '2008-05-31T23:50', storage: 0 }],
        },
      },
    },
    {
      title: 'Fixed data structure: 1,234 litres now, 1,200 at the due date',
      payload_hex: '68131368080573785634120100e97e34120000001200005416',
      expect: {
        ok: true,
        uplink: {
          meter_id: '12345678',
          model: 'water meter with the fixed data structure',
          readings: [{ measured_at: null, register_l: 1_234 }],
          flags: [],
          status: [],
          volumes: [
            { volume_l: 1_234, of: 'total', storage: 0, tariff: 0, subunit: 0, at: null },
            { volume_l: 1_200, of: 'total', storage: 1, tariff: 0, subunit: 0, at: null },
          ],
        },
      },
    },
    {
      title: 'The meter is busy',
      payload_hex: '68040468080170088116',
      expect: refused('METER_REPORTS_ERROR', 'the meter answers with its error 8, not with data'),
    },
  ],
};
