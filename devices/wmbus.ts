// Wireless M-Bus telegrams: layers off, then read by the standard (EN 13757-3 records, OMS) and by what a model knows more.
import { longFrame } from './mbus-long-frame.ts';
import { readTelegram } from './mbus-telegram.ts';
import { type DecodeResult, type PayloadFormat, refused } from './payload-format.ts';
import { encodeWmbus, mostWmbusReadings } from './wmbus-encode.ts';
import { type LinkFrame, linkFrames, type Refusal } from './wmbus-link.ts';
import { openExtendedLink } from './wmbus-security.ts';
import { type Authentication, authentication, extendedLink } from './wmbus-transport.ts';

function decode(payload: Uint8Array, options: { key?: Uint8Array }): DecodeResult {
  // Radio adapters of wired meters hand on the wired long frame as it is.
  const wired = longFrame(payload);
  if (wired !== null) {
    if ('ok' in wired) return refused(wired.code, wired.detail);
    return readTelegram({ ...wired, link: payload, sender: null, authenticated: null, key: options.key });
  }
  const frames = linkFrames(payload);
  if (!Array.isArray(frames)) return refused(frames.code, frames.detail);
  let result: DecodeResult = refused('FRAME_LENGTH_WRONG', 'no frame');
  for (const frame of frames) {
    result = decodeFrame(frame, options.key);
    if (result.ok) return result;
  }
  return result;
}

function decodeFrame(frame: LinkFrame, key: Uint8Array | undefined): DecodeResult {
  const inner = throughExtendedLayers(frame, key);
  if ('ok' in inner) return refused(inner.code, inner.detail);
  return readTelegram({ ...inner, link: frame.link, sender: frame.address, key });
}

/** Takes the extended link layer and the authentication layer off. What is left begins with a transport CI. */
function throughExtendedLayers(
  frame: LinkFrame,
  key: Uint8Array | undefined,
): { body: Uint8Array; authenticated: Authentication | null; intact: boolean } | Refusal {
  let body = frame.body;
  let intact = false;
  const extended = extendedLink(body);
  if (extended !== null) {
    if ('ok' in extended) return extended;
    body = extended.rest;
    if (extended.session !== null) {
      const opened = openExtendedLink(body, frame.address, extended.control, extended.session, key);
      if (!opened.ok) return opened;
      body = opened.data;
      intact = true;
    }
  }
  const authenticated = authentication(body);
  if (authenticated === null) return { body, authenticated: null, intact };
  return 'ok' in authenticated ? authenticated : { body: authenticated.rest, authenticated, intact };
}

export const wmbus: PayloadFormat = {
  name: 'wmbus',
  version: 3,
  most_readings: mostWmbusReadings,
  decode,
  encode: encodeWmbus,
  examples: [
    {
      title: 'The current register and the hour before, with the meter’s local time; battery low',
      payload_hex: '2a4432380922314001077a0004000004134e3d0100066d00000a41330044133e3d0100466d000009413300',
      expect: {
        ok: true,
        uplink: {
          meter_id: '40312209',
          model: 'NAR water, version 1',
          readings: [
            { measured_at: '2026-03-01T10:00:00', register_l: 81_230 },
            { measured_at: '2026-03-01T09:00:00', register_l: 81_214, kind: 'historic' },
          ],
          flags: ['battery_low'],
          status: ['POWER_LOW'],
          volumes: [
            { volume_l: 81_230, of: 'total', storage: 0, tariff: 0, subunit: 0, at: null },
            { volume_l: 81_214, of: 'total', storage: 1, tariff: 0, subunit: 0, at: '2026-03-01T09:00:00' },
          ],
          dates: [
            { of: 'clock', at: '2026-03-01T10:00:00', storage: 0 },
            { of: 'kept', at: '2026-03-01T09:00:00', storage: 1 },
          ],
        },
      },
    },
    {
      title: 'OMS-Specification volume 2 annex N.2.1: frame format A with its CRCs, encrypted in mode 5 (a gas meter)',
      payload_hex:
        '2e44931578563412330333637a2a0020255923c95aaa26d1b2e7493bc2ad013ec4a6f6d3529b520edff0ea6defc955b29d6d69ebf3ec8a',
      key_hex: '0102030405060708090a0b0c0d0e0f11',
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
      title: 'CEN/TR 17167 annex F.3: the same meter in mode 7, its keys derived and its MAC checked',
      payload_hex:
        '530824484433221103378e80753a63665544330a31900f002c25b30a0000af5d74df73a600d972785634129315330375002007109058475f4bc91df878b80a1b0f98b629024aac727942bfc549233c0140829b93',
      key_hex: '000102030405060708090a0b0c0d0e0f',
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
      title: 'Published by wmbusmeters as its example of an encrypted extended link layer: a Kamstrup multical21',
      payload_hex: '2a442d2c998734761b168d2091d37cac21e1d68cdaffcd3dc452bd802913ff7b1706ca9e355d6c2701cc24',
      key_hex: '28f64a24988064a079aa2c807d6102ae',
      expect: {
        ok: true,
        uplink: {
          meter_id: '76348799',
          model: 'Kamstrup MULTICAL 21 or flowIQ (KAM cold water, version 27)',
          readings: [{ measured_at: null, register_l: 6_408 }],
          flags: ['dry'],
          status: ['DRY'],
          volumes: [
            { volume_l: 6_408, of: 'total', storage: 0, tariff: 0, subunit: 0, at: null },
            { volume_l: 6_408, of: 'total', storage: 1, tariff: 0, subunit: 0, at: null },
          ],
        },
      },
    },
    {
      title: 'Published with its key in wmbusmeters’ issue 1667: a Kamstrup flowIQ in mode 10 (OMS security profile D)',
      payload_hex:
        '4544372c060382533c168c20307a3010ff2a10018c570e006da7632471f42b0a3ceccd461353573ed02b87118bc5ffe982f7f00a0274543bc51938f8b9c8bb8928114d60788a',
      key_hex: 'bf902dd6dfadafe83e4ae6832b5fa14c',
      expect: {
        ok: true,
        uplink: {
          meter_id: '53820306',
          model: 'Kamstrup MULTICAL 21 or flowIQ (KAW cold water, version 60)',
          readings: [
            { measured_at: '2025-12-15T10:28', register_l: 0 },
            { measured_at: '2025-12-01T00:00', register_l: 0, kind: 'historic' },
          ],
          flags: ['temporary_error'],
          status: ['TEMPORARY_ERROR'],
          volumes: [
            { volume_l: 0, of: 'total', storage: 0, tariff: 0, subunit: 0, at: null },
            { volume_l: 0, of: 'total', storage: 1, tariff: 0, subunit: 0, at: '2025-12-01T00:00' },
          ],
          dates: [
            { of: 'clock', at: '2025-12-15T10:28', storage: 0 },
            { of: 'kept', at: '2025-12-01T00:00', storage: 1 },
          ],
        },
      },
    },
    {
      title: 'The multical21 without its key',
      payload_hex: '2a442d2c998734761b168d2091d37cac21e1d68cdaffcd3dc452bd802913ff7b1706ca9e355d6c2701cc24',
      expect: refused(
        'ENCRYPTED_NO_KEY',
        "the telegram is encrypted; give the meter's AES key, 16 bytes as 32 hex digits",
      ),
    },
  ],
};
