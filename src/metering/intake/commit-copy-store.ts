// The quick half of a commit: raw uplinks in packs and readings that are taken to be new, by binary COPY in one message.
import type { BinaryWriter } from '../../platform/postgres/binary-writer.ts';
import { CopyMessage } from '../../platform/postgres/copy-in.ts';
import { type PartRows, touchedBy } from './part-rows.ts';
import { clocks, type UplinkBatch } from './uplink-batch.ts';

/** As many uplinks a pack holds at most; `metering.find_uplink` knows it too. */
export const packUplinks = 1_024;

const COPY_PACKS = `COPY metering.uplink_pack
  (first_id, received_at, received_ats, device_nos, packet_ids, formats, decoder_versions, payloads)
  FROM STDIN (FORMAT binary)`;
const COPY_READINGS = `COPY metering.reading (measured_at, register_l, received_at, uplink_id, meter_id, clock, flags)
  FROM STDIN (FORMAT binary)`;
const COPY_TOUCHED = 'COPY metering.touched (meter_ids, from_hours, to_hours) FROM STDIN (FORMAT binary)';
const HOUR_ms = 3_600_000;

/** The transaction's beginning with all that can be copied; with its end as well where nothing is left to check. */
export function copyMessage(rows: PartRows, isWhole: boolean): CopyMessage {
  const statements = ['BEGIN', COPY_PACKS];
  if (rows.newer.length > 0) statements.push(COPY_READINGS);
  const hasReadings = rows.newer.length + rows.checked.length > 0;
  if (hasReadings) statements.push(COPY_TOUCHED);
  if (isWhole) statements.push('COMMIT');
  const message = new CopyMessage(statements.join(';\n'));
  message.copy((writer) => {
    for (let from = 0; from < rows.uplinks.length; from += packUplinks) writePack(writer, rows, from);
  });
  if (rows.newer.length > 0) message.copy((writer) => writeReadings(writer, rows));
  if (hasReadings) message.copy((writer) => writeTouched(writer, rows));
  return message;
}

function writePack(writer: BinaryWriter, { batch, uplinks, firstId }: PartRows, from: number): void {
  const of = uplinks.slice(from, from + packUplinks);
  const payloads = payloadsOf(batch, of);
  const payload_bytes = payloads.reduce((sum, { length }) => sum + length, 0);
  let first_ms = Number.POSITIVE_INFINITY;
  for (const uplink of of) first_ms = Math.min(first_ms, batch.receivedAt_ms[uplink] as number);
  writer.room(200 + of.length * 34 + payload_bytes);
  writer.int16(8);
  writer.int32(8);
  writer.int64(firstId + from);
  writer.int32(8);
  writer.timestamp(first_ms);
  array(writer, 'timestamptz', of, (uplink) => {
    writer.int32(8);
    writer.timestamp(batch.receivedAt_ms[uplink] as number);
  });
  array(writer, 'int4', of, (uplink) => {
    writer.int32(4);
    writer.int32(batch.lanes[uplink]?.device.deviceNo ?? 0);
  });
  array(writer, 'int4', of, (uplink) => number(writer, 4, batch.packetIds[uplink] as number));
  writeFormats(writer, batch, of, 100 + of.length * 6 + payload_bytes);
  array(writer, 'int2', of, (uplink) => number(writer, 2, batch.decoderVersions[uplink] as number));
  const from_bytes = writer.beginSized();
  writer.arrayHeader('bytea', of.length, true);
  for (const elements of payloads) writer.bytes(elements);
  writer.endSized(from_bytes);
}

/** Those of uplinks that follow each other in one piece: nearly always all. */
function payloadsOf(batch: UplinkBatch, of: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let first = 0;
  for (let index = 1; index <= of.length; index += 1) {
    const last = of[index - 1] as number;
    if (of[index] === last + 1) continue;
    pieces.push(batch.payloadElements(of[first] as number, last));
    first = index;
  }
  return pieces;
}

/** The names repeat: each is turned into bytes once. `rest_bytes` is what the pack still needs after them. */
function writeFormats(writer: BinaryWriter, batch: UplinkBatch, of: readonly number[], rest_bytes: number): void {
  const encoded = new Map<string, Buffer>();
  let last = '';
  let bytes: Buffer = Buffer.alloc(0);
  array(writer, 'text', of, (uplink) => {
    const name = batch.formats[uplink] as string;
    if (name !== last || bytes.length === 0) {
      bytes = encoded.get(name) ?? Buffer.from(name);
      encoded.set(name, bytes);
      last = name;
    }
    writer.room(4 + bytes.length + rest_bytes);
    writer.int32(bytes.length);
    writer.bytes(bytes);
  });
}

function array(
  writer: BinaryWriter,
  element: 'timestamptz' | 'int4' | 'int2' | 'text' | 'bytea',
  of: readonly number[],
  write: (uplink: number) => void,
): void {
  const from = writer.beginSized();
  writer.arrayHeader(element, of.length, true);
  for (const uplink of of) write(uplink);
  writer.endSized(from);
}

/** Negative stands for null. */
function number(writer: BinaryWriter, size: 2 | 4, value: number): void {
  writer.int32(value < 0 ? -1 : size);
  if (value < 0) return;
  if (size === 2) writer.int16(value);
  else writer.int32(value);
}

const clockNames = clocks.map((name) => Buffer.from(name));

function writeReadings(writer: BinaryWriter, { batch, newer, uplinkOf, idOf }: PartRows): void {
  writer.room(newer.length * 82);
  for (const reading of newer) {
    const uplink = uplinkOf[reading] as number;
    writer.int16(7);
    writer.int32(8);
    writer.timestamp(batch.measuredAt_ms[reading] as number);
    writer.int32(8);
    writer.int64(batch.registers_l[reading] as number);
    writer.int32(8);
    writer.timestamp(batch.receivedAt_ms[uplink] as number);
    writer.int32(8);
    writer.int64(idOf[uplink] as number);
    writer.int32(4);
    writer.int32(batch.lanes[uplink]?.device.meter?.meterId ?? 0);
    const clock = clockNames[batch.clockOf(reading)] as Buffer;
    writer.int32(clock.length);
    writer.bytes(clock);
    writeFlags(writer, batch.flagsOf(reading), newer.length);
  }
}

function writeFlags(writer: BinaryWriter, flags: readonly string[], rowsLeft: number): void {
  if (flags.length === 0) {
    writer.int32(-1);
    return;
  }
  const names = flags.map((flag) => Buffer.from(flag));
  writer.room(24 + names.reduce((sum, name) => sum + 4 + name.length, 0) + rowsLeft * 82);
  const from = writer.beginSized();
  writer.arrayHeader('text', names.length, false);
  for (const name of names) {
    writer.int32(name.length);
    writer.bytes(name);
  }
  writer.endSized(from);
}

/** Which hours of which meters the use job has to look at: one row. */
function writeTouched(writer: BinaryWriter, rows: PartRows): void {
  const touched = touchedBy(rows);
  const columns = [
    touched.map(({ meterId }) => meterId),
    touched.map(({ from_ms }) => Math.floor(from_ms / HOUR_ms)),
    touched.map(({ to_ms }) => Math.ceil(to_ms / HOUR_ms)),
  ];
  writer.room(2 + columns.length * (24 + 8 * touched.length));
  writer.int16(columns.length);
  for (const values of columns) {
    const from = writer.beginSized();
    writer.arrayHeader('int4', values.length, false);
    for (const value of values) {
      writer.int32(4);
      writer.int32(value);
    }
    writer.endSized(from);
  }
}
