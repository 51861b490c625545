// Writes values in PostgreSQL's binary form into one growing buffer: the rows of a COPY, and arrays as parameters.
//
// Source: PostgreSQL 18 documentation, "COPY", section Binary Format; array, integer and timestamp forms as their
// `_send` functions write them (src/backend/utils/adt).

/** Microseconds from 1970 to PostgreSQL's epoch, 2000-01-01. */
const EPOCH_us = 946_684_800_000_000;
const TWO_TO_32 = 4_294_967_296;

export const arrayElement = { bytea: 17, int8: 20, int2: 21, int4: 23, text: 25, timestamptz: 1184 } as const;

export class BinaryWriter {
  #bytes: Buffer;
  #view: DataView;
  #length = 0;

  constructor(capacity_bytes = 4_096) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity_bytes);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written; valid until more is. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Makes sure that this many bytes more fit: call before a group of writes. */
  room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + bytes));
    larger.set(this.written());
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer, larger.byteOffset);
  }

  int8(value: number): void {
    this.#view.setInt8(this.#length, value);
    this.#length += 1;
  }

  int16(value: number): void {
    this.#view.setInt16(this.#length, value);
    this.#length += 2;
  }

  int32(value: number): void {
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
  }

  /** @param value a safe integer */
  int64(value: number): void {
    this.#view.setInt32(this.#length, Math.floor(value / TWO_TO_32));
    this.#view.setUint32(this.#length + 4, value >>> 0);
    this.#length += 8;
  }

  /** Microseconds are the store's grain; the milliseconds may have thousandths. */
  timestamp(at_ms: number): void {
    this.int64(Math.round(at_ms * 1_000) - EPOCH_us);
  }

  bytes(value: Uint8Array): void {
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Puts a length in that was not known when its place was passed. */
  setInt32(at: number, value: number): void {
    this.#view.setInt32(at, value);
  }

  /** Leaves the place for a length, to be set by `endSized`. */
  beginSized(): number {
    this.room(4);
    this.int32(0);
    return this.#length;
  }

  endSized(from: number): void {
    this.setInt32(from - 4, this.#length - from);
  }

  /** One dimension, from 1; the elements follow, each with its length. */
  arrayHeader(element: keyof typeof arrayElement, count: number, hasNull: boolean): void {
    this.room(20);
    this.int32(count === 0 ? 0 : 1);
    this.int32(hasNull ? 1 : 0);
    this.int32(arrayElement[element]);
    if (count === 0) return;
    this.int32(count);
    this.int32(1);
  }

  copyHeader(): void {
    this.room(19);
    this.bytes(COPY_SIGNATURE);
    this.int32(0);
    this.int32(0);
  }

  copyTrailer(): void {
    this.room(2);
    this.int16(-1);
  }
}

const COPY_SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');

/** An array parameter of numbers; the type's name stands in the statement. */
export function numberArray(element: 'int4' | 'int8' | 'timestamptz', values: readonly number[]): Buffer {
  const size = element === 'int4' ? 4 : 8;
  const writer = new BinaryWriter(20 + values.length * (4 + size));
  writer.arrayHeader(element, values.length, false);
  for (const value of values) {
    writer.int32(size);
    if (element === 'int4') writer.int32(value);
    else if (element === 'int8') writer.int64(value);
    else writer.timestamp(value);
  }
  return writer.written();
}
