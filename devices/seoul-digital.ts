// The frame of Seoul's digital water meters, versions 1.1 to 1.4, as it comes over their 1200 8N1 line.
//
//   68 L L 68  C A CI 0F ID4 ST DIF VIF DATA4 [UDF4]  CS 16      numbers are little-endian BCD
//
// Which version a frame has decides what its status bits mean, and is told from the frame alone:
//   1. UDF, where there is one, begins with the protocol version as BCD: 11, 12, 13 or 14.
//   2. A set bit 7 or 6 of VIF (magnet, freeze) exists in V1.4 only.
//   3. A set bit 4, 3 or 0 of ST exists from V1.3 on only (a battery step).
//   4. Otherwise it is V1.1, the one version that has no UDF by definition.
// A V1.2 or later meter that leaves UDF out and stands at battery step 2, 4 or 6 is thereby read as V1.1 with a freeze or
// a low battery: a false alarm that a person sees, and not a missed one.
import { orderedFlags } from './flags.ts';
import { decimalBytes, decimalOf } from './mbus-values.ts';
import { type DecodeResult, type EncodableReading, type PayloadFormat, refused } from './payload-format.ts';

type Version = '1.1' | '1.2' | '1.3' | '1.4';

/** From DIF's high nibble, 1 to C. */
const bores_mm: readonly number[] = [15, 20, 25, 32, 40, 50, 80, 100, 150, 200, 250, 300];

/** L of a frame without and with UDF. */
const plainLength = 15;
const extendedLength = 19;

/** 8 BCD digits of litres: the only unit whose meaning is certain. */
const difDigits = 0x0c;
const vifLitres = 0x13;

/** Below this a 3.6 V lithium cell has weeks left. */
const batteryLow_v = 3.0;

function decode(payload: Uint8Array): DecodeResult {
  const wrong = frameFault(payload);
  if (wrong !== null) return refused(wrong.code, wrong.detail);
  const meter = decimalOf(payload.subarray(8, 12));
  const register_l = decimalOf(payload.subarray(15, 19));
  if (meter === null || meter < 0 || register_l === null || register_l < 0) {
    return refused('SEOUL_DIGITS_INVALID', 'the meter number or the register has a digit above 9');
  }
  const status = payload[12] ?? 0;
  const dif = payload[13] ?? 0;
  const vif = payload[14] ?? 0;
  const bore_mm = bores_mm[(dif >> 4) - 1];
  if ((dif & 0x0f) !== difDigits || bore_mm === undefined) {
    return refused('SEOUL_DIF_UNKNOWN', 'DIF is not a bore of 15 to 300 mm with 8 digits');
  }
  if ((vif & 0x3f) !== vifLitres) return refused('SEOUL_VIF_UNKNOWN', 'VIF is not litres');
  const told = payload[1] === extendedLength ? udfVersion(payload[19] ?? 0) : undefined;
  if (told === null) return refused('SEOUL_VERSION_UNKNOWN', 'UDF names a protocol version other than 1.1 to 1.4');
  const version = told ?? versionByBits(status, vif);
  if ((vif & 0xc0) !== 0 && version !== '1.4') {
    return refused('SEOUL_VIF_UNKNOWN', 'VIF has alarm bits that the frame’s version does not have');
  }
  const battery_v = hasBatterySteps(version) ? (37 - (status & 0x1f)) / 10 : undefined;
  return {
    ok: true,
    uplink: {
      meter_id: String(meter).padStart(8, '0'),
      model: `Seoul digital meter V${version}, ${bore_mm} mm`,
      bore_mm,
      readings: [{ measured_at: null, register_l, ...(battery_v === undefined ? {} : { battery_v }) }],
      flags: flagsOf(version, status, vif, battery_v),
    },
  };
}

/** Start, lengths, end, checksum and the bytes that never change. Anything before or after the frame is a fault too. */
function frameFault(bytes: Uint8Array): { code: string; detail: string } | null {
  const length = bytes[1];
  if (bytes[0] !== 0x68 || bytes[3] !== 0x68 || length !== bytes[2]) {
    return { code: 'FRAME_START_WRONG', detail: 'the frame does not begin with 68 L L 68' };
  }
  if (length !== plainLength && length !== extendedLength) {
    return {
      code: 'FRAME_LENGTH_WRONG',
      detail: `L is ${length}; these meters send ${plainLength} or ${extendedLength}`,
    };
  }
  if (bytes.length !== length + 6) {
    return { code: 'FRAME_LENGTH_WRONG', detail: `L announces ${length + 6} bytes, there are ${bytes.length}` };
  }
  if (bytes[length + 5] !== 0x16) return { code: 'FRAME_END_WRONG', detail: 'the frame does not end with 16' };
  if (checksumOf(bytes.subarray(4, length + 4)) !== bytes[length + 4]) {
    return { code: 'FRAME_CHECKSUM_WRONG', detail: 'the checksum is not the sum of the bytes' };
  }
  if (bytes[4] !== 0x08 || bytes[6] !== 0x78 || bytes[7] !== 0x0f) {
    return { code: 'FRAME_TYPE_UNKNOWN', detail: 'C, CI and MDH are not 08, 78 and 0F: not the answer to a reading' };
  }
  return null;
}

function checksumOf(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => (sum + byte) & 0xff, 0);
}

/** Null for a version nobody has published. */
function udfVersion(byte: number): Version | null {
  const versions: Record<number, Version> = { 17: '1.1', 18: '1.2', 19: '1.3', 20: '1.4' };
  return versions[byte] ?? null;
}

function versionByBits(status: number, vif: number): Version {
  if ((vif & 0xc0) !== 0) return '1.4';
  if ((status & 0x19) !== 0) return '1.3';
  return '1.1';
}

function hasBatterySteps(version: Version): boolean {
  return version === '1.3' || version === '1.4';
}

function flagsOf(version: Version, status: number, vif: number, battery_v: number | undefined): string[] {
  const flags: string[] = [];
  // Above Q4 in V1.1, above Q3 since: either way more than the meter is made for.
  if ((status & 0x80) !== 0) flags.push('overload');
  if ((status & 0x40) !== 0) flags.push('backflow');
  if ((status & 0x20) !== 0) flags.push('leak');
  if (battery_v === undefined ? (status & 0x04) !== 0 : battery_v < batteryLow_v) flags.push('battery_low');
  if (version === '1.1' && (status & 0x02) !== 0) flags.push('freeze');
  if (version === '1.4' && (vif & 0x80) !== 0) flags.push('magnet');
  if (version === '1.4' && (vif & 0x40) !== 0) flags.push('freeze');
  return orderedFlags(flags);
}

/** V1.4 with UDF where a flag or the battery needs it; otherwise the short frame without, as V1.1 meters send it. */
function encode(reading: EncodableReading): Uint8Array {
  const register_l = reading.readings.at(-1)?.register_l ?? 0;
  const raised = new Set(reading.flags);
  const extended = reading.battery_v !== undefined || raised.has('magnet') || raised.has('freeze');
  const step = Math.min(
    31,
    Math.max(0, 37 - Math.round((reading.battery_v ?? (raised.has('battery_low') ? 2.8 : 3.7)) * 10)),
  );
  let status = extended ? step : 0;
  if (raised.has('overload')) status |= 0x80;
  if (raised.has('backflow')) status |= 0x40;
  if (raised.has('leak')) status |= 0x20;
  if (!extended && raised.has('battery_low')) status |= 0x04;
  const vif = vifLitres | (raised.has('magnet') ? 0x80 : 0) | (raised.has('freeze') ? 0x40 : 0);
  const bore = bores_mm.indexOf(reading.bore_mm) + 1;
  const content = [
    ...[0x08, 0x01, 0x78, 0x0f],
    ...decimalBytes(Number(reading.meter_id), 4),
    ...[status, ((bore === 0 ? 1 : bore) << 4) | difDigits, vif],
    // The dial has eight digits and wraps.
    ...decimalBytes(register_l % 100_000_000, 4),
    ...(extended ? [0x14, 0x01, 0x00, 0x41] : []),
  ];
  const length = content.length;
  return Uint8Array.from([0x68, length, length, 0x68, ...content, checksumOf(Uint8Array.from(content)), 0x16]);
}

export const seoulDigital: PayloadFormat = {
  name: 'seoul-digital',
  version: 1,
  most_readings: 1,
  decode,
  encode,
  examples: [
    {
      title: 'Received from a real meter: 15 mm, 225.151 m³',
      payload_hex: '680F0F680801780F17501623001C13515122002316',
      expect: {
        ok: true,
        uplink: {
          meter_id: '23165017',
          model: 'Seoul digital meter V1.1, 15 mm',
          bore_mm: 15,
          readings: [{ measured_at: null, register_l: 225_151 }],
          flags: [],
        },
      },
    },
    {
      title: 'The same frame with one digit of its register changed and the checksum left',
      payload_hex: '680F0F680801780F17501623001C13515222002316',
      expect: refused('FRAME_CHECKSUM_WRONG', 'the checksum is not the sum of the bytes'),
    },
  ],
};
