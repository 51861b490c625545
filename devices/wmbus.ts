// Wireless M-Bus telegrams of meters that keep to the open standards (EN 13757-3 records, OMS).
import { isFlag } from './flags.ts';
import { type MbusRecord, readRecords } from './mbus-records.ts';
import { readingsOf, statusFlags } from './mbus-uplink.ts';
import { dateTimeBytes } from './mbus-values.ts';
import { type DecodeResult, type EncodableReading, type PayloadFormat, refused } from './payload-format.ts';
import {
  joined,
  type LinkFrame,
  linkFrames,
  manufacturerCode,
  mediumName,
  meterIdOf,
  type Refusal,
  transportHeader,
} from './wmbus-frame.ts';
import { isUnassigned, openExtendedLink, openTransport } from './wmbus-security.ts';

function decode(payload: Uint8Array, options: { key?: Uint8Array }): DecodeResult {
  const frames = linkFrames(payload);
  if (!Array.isArray(frames)) return refused(frames.code, frames.detail);
  let result = refused('FRAME_LENGTH_WRONG', 'no frame') as DecodeResult;
  for (const frame of frames) {
    result = decodeFrame(frame, options.key);
    if (result.ok) return result;
  }
  return result;
}

function decodeFrame(frame: LinkFrame, key: Uint8Array | undefined): DecodeResult {
  const body = throughExtendedLayers(frame, key);
  if (!body.ok) return refused(body.code, body.detail);
  const header = throughTransport(body.data);
  if ('ok' in header) return refused(header.code, header.detail);
  const opened = openTransport(header, frame.address, key);
  if (!opened.ok) return refused(opened.code, opened.detail);
  const address = header.address ?? frame.address;
  const read = readRecords(opened.data);
  const unassigned = isUnassigned((header.configuration >> 8) & 0x1f);
  if (!read.ok) {
    if (unassigned) return manufacturerSpecific();
    return refused('RECORDS_MALFORMED', `record at byte ${read.at} of the data: ${read.reason}`);
  }
  const readings = readingsOf(read.records);
  if (readings.length === 0) {
    if (unassigned || read.manufacturer_specific !== null || read.records.some(isManufacturers)) {
      return manufacturerSpecific();
    }
    return refused('NO_VOLUME', 'the telegram has no record of a volume that can be placed in time');
  }
  return {
    ok: true,
    uplink: {
      meter_id: meterIdOf(address.id),
      model: `${manufacturerCode(address.manufacturer)} ${mediumName(address.medium)}, version ${address.version}`,
      readings,
      flags: statusFlags(header.status),
    },
  };
}

function isManufacturers(record: MbusRecord): boolean {
  return record.quantity === 'manufacturer_specific';
}

function manufacturerSpecific(): DecodeResult {
  return refused('FORMAT_MANUFACTURER_SPECIFIC', "the volume is in the manufacturer's own coding, not in records");
}

/** Takes the extended link layer and the authentication layer off. What is left begins with a transport CI. */
function throughExtendedLayers(
  frame: LinkFrame,
  key: Uint8Array | undefined,
): { ok: true; data: Uint8Array } | Refusal {
  const cut: Refusal = { ok: false, code: 'FRAME_TOO_SHORT', detail: 'the telegram ends inside a header' };
  let body = frame.body;
  const ci = body[0] ?? 0;
  // Source: EN 13757-4:2019 clause 13.2: CC, ACC; with a session number and CRC; with the receiver's address; with both.
  const headerLengths: Record<number, number> = { 140: 3, 141: 7, 142: 11, 143: 15 };
  const length = headerLengths[ci];
  if (length !== undefined) {
    if (body.length <= length) return cut;
    if (ci === 0x8d || ci === 0x8f) {
      const session = body.subarray(length - 4, length);
      const opened = openExtendedLink(body.subarray(length), frame.address, body[1] ?? 0, session, key);
      if (!opened.ok) return opened;
      body = opened.data;
    } else {
      body = body.subarray(length);
    }
  }
  if (body[0] === 0x90) {
    // The authentication layer's own length byte counts what follows it. Source: EN 13757-7:2018 clause 6.
    const after = 2 + (body[1] ?? 0);
    if (body.length <= after) return cut;
    body = body.subarray(after);
  }
  return { ok: true, data: body };
}

function throughTransport(body: Uint8Array): ReturnType<typeof transportHeader> {
  const ci = body[0] ?? 0;
  if (ci === 0x72 || ci === 0x7a || ci === 0x78) return transportHeader(body);
  if (ci >= 0xa0 && ci <= 0xb7) {
    return {
      ok: false,
      code: 'FORMAT_MANUFACTURER_SPECIFIC',
      detail: `the CI field ${ci.toString(16).toUpperCase()} announces the manufacturer's own format`,
    };
  }
  if (ci === 0x79 || ci === 0x7b || ci === 0x73) {
    return {
      ok: false,
      code: 'COMPACT_FRAME_UNKNOWN',
      detail: 'a compact frame names its layout by a signature, and the full frame that explains it is not known',
    };
  }
  return {
    ok: false,
    code: 'FORMAT_CI_UNSUPPORTED',
    detail: `no rule for the CI field ${ci.toString(16).toUpperCase()}`,
  };
}

/** A radio telegram has one length byte: header, the current register, and eleven kept ones at 16 bytes each. */
const mostReadings = 12;

function encode(reading: EncodableReading): Uint8Array {
  const newestFirst = reading.readings.slice(-mostReadings).reverse();
  const records = newestFirst.map(({ measured_at_ms, register_l }, storage) => {
    const local = new Date(measured_at_ms + reading.utc_offset_min * 60_000).toISOString();
    const value = new Uint8Array(4);
    new DataView(value.buffer).setUint32(0, register_l, true);
    return joined([
      dif(4, storage),
      Uint8Array.of(0x13),
      value,
      dif(6, storage),
      Uint8Array.of(0x6d),
      dateTimeBytes(local),
    ]);
  });
  const id = Uint8Array.from(reading.meter_id.padStart(8, '0').match(/../g) ?? [], (pair) =>
    Number.parseInt(pair, 16),
  ).reverse();
  const status = reading.flags.filter(isFlag).reduce((bits, flag) => bits | (statusBits[flag] ?? 0), 0);
  const body = joined([Uint8Array.of(0x7a, 0, status, 0, 0), ...records]);
  return joined([Uint8Array.of(9 + body.length, 0x44, 0x32, 0x38), id, Uint8Array.of(1, 7), body]);
}

const statusBits: Partial<Record<string, number>> = {
  error: 0x02,
  battery_low: 0x04,
  permanent_error: 0x08,
  temporary_error: 0x10,
};

/** DIF and extension for an integer of so many bytes (4 or 6) at that storage number, up to 31. */
function dif(length: number, storage: number): Uint8Array {
  const first = length | ((storage & 1) << 6);
  return storage < 2 ? Uint8Array.of(first) : Uint8Array.of(first | 0x80, storage >> 1);
}

export const wmbus: PayloadFormat = {
  name: 'wmbus',
  version: 1,
  most_readings: mostReadings,
  decode,
  encode,
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
          model: 'KAM cold water, version 27',
          readings: [{ measured_at: null, register_l: 6_408 }],
          flags: [],
        },
      },
    },
    {
      title: 'The same without its key',
      payload_hex: '2a442d2c998734761b168d2091d37cac21e1d68cdaffcd3dc452bd802913ff7b1706ca9e355d6c2701cc24',
      expect: refused(
        'ENCRYPTED_NO_KEY',
        "the telegram is encrypted; give the meter's AES key, 16 bytes as 32 hex digits",
      ),
    },
  ],
};
