// Reads arrays in PostgreSQL's binary form, as `array_send` gives them: a query's answer then carries them as bytes, which
// costs both sides a fraction of writing and reading a text of numbers.
//
// Source: PostgreSQL 18 documentation, "Frontend/Backend Protocol"; array, integer and timestamp forms as their `_send`
// functions write them (src/backend/utils/adt).

/** Milliseconds from 1970 to PostgreSQL's epoch, 2000-01-01. */
const EPOCH_ms = 946_684_800_000;
const TWO_TO_32 = 4_294_967_296;

/** Of int8[] without nulls; none for null. */
export function integersOf(sent: Buffer | null): Float64Array {
  return numbersOf(sent, (high, low) => {
    const value = high * TWO_TO_32 + low;
    if (!Number.isSafeInteger(value)) throw new RangeError(`int8 beyond 2^53: ${value}`);
    return value;
  });
}

/** Of timestamptz[] without nulls, in whole milliseconds since 1970; none for null. */
export function instantsOf(sent: Buffer | null): Float64Array {
  return numbersOf(sent, (high, low) => Math.round((high * TWO_TO_32 + low) / 1_000) + EPOCH_ms);
}

/** One dimension of eight-byte numbers: dimensions, a flag for nulls, the element's type, length and first index. */
function numbersOf(sent: Buffer | null, toNumber: (high: number, low: number) => number): Float64Array {
  if (sent === null || sent.readInt32BE(0) === 0) return new Float64Array(0);
  if (sent.readInt32BE(4) !== 0) throw new TypeError('an array with nulls is not read here');
  const numbers = new Float64Array(sent.readInt32BE(12));
  const view = new DataView(sent.buffer, sent.byteOffset, sent.byteLength);
  for (let index = 0, at = 24; index < numbers.length; index += 1, at += 12) {
    numbers[index] = toNumber(view.getInt32(at), view.getUint32(at + 4));
  }
  return numbers;
}
