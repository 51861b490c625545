// The values inside M-Bus records: integers, decimals, reals, dates. Source: EN 13757-3:2018 annex A (types A to J).

/** A little-endian binary-coded decimal. An F in the top digit is a minus sign; any other letter makes it null. */
export function decimalOf(bytes: Uint8Array): number | null {
  let value = 0;
  let negative = false;
  for (let index = bytes.length - 1; index >= 0; index -= 1) {
    const byte = bytes[index] ?? 0;
    const high = byte >> 4;
    const low = byte & 0x0f;
    if (high === 0x0f && index === bytes.length - 1) negative = true;
    else if (high > 9) return null;
    if (low > 9) return null;
    value = value * 100 + (negative && index === bytes.length - 1 ? 0 : high) * 10 + low;
  }
  return negative ? 0 - value : value;
}

/** A little-endian signed integer of 1 to 8 bytes; null where it can't be held exactly, and for "no value" (type B). */
export function integerOf(bytes: Uint8Array): number | null {
  if (bytes.length === 0 || bytes.length > 8) return null;
  if (bytes.length <= 4) return shortIntegerOf(bytes);
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index -= 1) value = (value << 8n) | BigInt(bytes[index] ?? 0);
  const signed = BigInt.asIntN(bytes.length * 8, value);
  // The most negative integer says "not available".
  if (signed === -(1n << BigInt(bytes.length * 8 - 1))) return null;
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : null;
}

/** The same of up to 4 bytes, which most records have, without big integers. */
function shortIntegerOf(bytes: Uint8Array): number | null {
  let value = 0;
  for (let index = bytes.length - 1; index >= 0; index -= 1) value = (value << 8) | (bytes[index] ?? 0);
  const unused = 32 - 8 * bytes.length;
  const signed = (value << unused) >> unused;
  return signed === -(2 ** (8 * bytes.length - 1)) ? null : signed;
}

/** IEEE 754 single precision, little-endian; null for NaN and the infinities. */
export function realOf(bytes: Uint8Array): number | null {
  const value = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat32(0, true);
  return Number.isFinite(value) ? value : null;
}

/** Type G, 2 bytes: `2026-03-01`; null when it is no calendar day (every day, invalid). */
export function dateOf(bytes: Uint8Array): string | null {
  return calendarDate(bytes[0] ?? 0, bytes[1] ?? 0, 0);
}

/**
 * Types F (4 bytes) and I (6 bytes): the meter's local time, `2026-03-01T10:00` or with seconds; null when it is marked
 * invalid or is no time.
 */
export function dateTimeOf(bytes: Uint8Array): string | null {
  const told = toldDateTime(bytes);
  return told?.valid === true ? told.at : null;
}

/** The same, also where the meter itself says not to trust its clock. Null when it is no time. */
export function toldDateTime(bytes: Uint8Array): { at: string; valid: boolean } | null {
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0] = bytes;
  if (bytes.length === 4) {
    const date = calendarDate(b2, b3, centuryOf(b1));
    const minute = b0 & 0x3f;
    const hour = b1 & 0x1f;
    if (date === null || minute > 59 || hour > 23) return null;
    return { at: `${date}T${two(hour)}:${two(minute)}`, valid: (b0 & 0x80) === 0 };
  }
  if (bytes.length === 6) {
    const date = calendarDate(b3, b4, 0);
    const second = b0 & 0x3f;
    const minute = b1 & 0x3f;
    const hour = b2 & 0x1f;
    if (date === null || second > 59 || minute > 59 || hour > 23) return null;
    return { at: `${date}T${two(hour)}:${two(minute)}:${two(second)}`, valid: (b1 & 0x80) === 0 };
  }
  return null;
}

/**
 * Bits 5 and 6 of the hour count centuries from 1900; a 0 there with a small year is the two-digit 2000s. No meter that
 * sends today runs in the 2100s: those that say so had the bits before the standard gave them a meaning.
 */
function centuryOf(hour: number): number {
  const centuries = (hour >> 5) & 3;
  return centuries >= 2 ? 0 : centuries;
}

function calendarDate(dayAndYear: number, monthAndYear: number, century: number): string | null {
  const day = dayAndYear & 0x1f;
  const month = monthAndYear & 0x0f;
  const yearOfCentury = (dayAndYear >> 5) | ((monthAndYear >> 1) & 0x78);
  if (yearOfCentury > 99 || month < 1 || month > 12 || day < 1) return null;
  const year = century === 0 && yearOfCentury <= 80 ? 2000 + yearOfCentury : 1900 + 100 * century + yearOfCentury;
  if (day > daysIn(year, month)) return null;
  return `${year}-${two(month)}-${two(day)}`;
}

/** Days of a month, `month` from 1. */
export function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** Type I of a local time `YYYY-MM-DDTHH:mm:ss`, of the years 2000 to 2099. Source: EN 13757-3:2018 annex A. */
export function dateTimeBytes(local: string): Uint8Array {
  const year = Number(local.slice(0, 4)) - 2000;
  const month = Number(local.slice(5, 7));
  const day = Number(local.slice(8, 10));
  const hour = Number(local.slice(11, 13));
  const minute = Number(local.slice(14, 16));
  const second = Number(local.slice(17, 19));
  return Uint8Array.of(second, minute, hour, day | ((year & 7) << 5), month | ((year & 0x78) << 1), 0);
}

/** `value` as little-endian binary-coded decimal of `length` bytes. */
export function decimalBytes(value: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let index = 0; index < length; index += 1) {
    bytes[index] = ((Math.floor(rest / 10) % 10) << 4) | (rest % 10);
    rest = Math.floor(rest / 100);
  }
  return bytes;
}
