// Uplinks gathered for one commit, column by column: a thousand messages are a few arrays, not thousands of objects. What
// is kept until the commit outlives the young generation: objects for each message, and collecting them is a fifth of it all.
import type { DeviceLane } from './device-lane.ts';
import type { DecodedDelivery, Delivery, IntakeProblem, PendingReading, Settled } from './uplink.ts';

/** As in `metering.reading_clock`, by number. */
export const clocks = ['absolute', 'local', 'received'] as const;

const NOTHING: readonly string[] = [];
const NO_BYTES: Buffer = Buffer.alloc(0);
const SMALLEST_bytes = 1_024;
const LENGTH_bytes = 4;
/** Memory of batches that are stored, for the next ones: fresh megabytes cost more than what is written into them. */
const spare: Buffer[] = [];
const mostSpare = 4;
const mostSpare_bytes = 16_777_216;

export class UplinkBatch {
  /** Of each uplink, by its place. */
  readonly lanes: DeviceLane[] = [];
  readonly receivedAt_ms: number[] = [];
  /** -1 for QoS 0. */
  readonly packetIds: number[] = [];
  /** It may be the redelivery of an uplink received before this instant; NaN where it can't be one. */
  readonly repeatsBefore_ms: number[] = [];
  readonly formats: string[] = [];
  /** -1 where nobody knows the format. */
  readonly decoderVersions: number[] = [];
  /** All payloads, each behind its length, which is how the elements of an array travel; and where each ends. */
  #bytes: Buffer = NO_BYTES;
  readonly #payloadTo: number[] = [];
  readonly #settled: Settled[] = [];
  /** Where its readings begin; they end where the next uplink's begin. */
  readonly #readingsFrom: number[] = [];
  readonly #alsoSettled = new Map<number, Settled[]>();
  readonly #problems = new Map<number, IntakeProblem>();
  #unsettled = 0;

  /** Of each reading, by its place. */
  readonly measuredAt_ms: number[] = [];
  readonly registers_l: number[] = [];
  /** Index into `clocks`; 4 more where the time can't be right. */
  readonly #marks: number[] = [];
  readonly #flags = new Map<number, readonly string[]>();

  get count(): number {
    return this.lanes.length;
  }

  get payload_bytes(): number {
    return this.#payloadTo.at(-1) ?? 0;
  }

  /** A view, good until another uplink is added. */
  payloadOf(uplink: number): Buffer {
    return this.#bytes.subarray(this.#elementFrom(uplink) + LENGTH_bytes, this.#payloadTo[uplink]);
  }

  payloadLength(uplink: number): number {
    return (this.#payloadTo[uplink] ?? 0) - this.#elementFrom(uplink) - LENGTH_bytes;
  }

  /** The payloads of uplinks that follow each other, as elements of an array in PostgreSQL's binary form. */
  payloadElements(first: number, last: number): Buffer {
    return this.#bytes.subarray(this.#elementFrom(first), this.#payloadTo[last]);
  }

  #elementFrom(uplink: number): number {
    return uplink === 0 ? 0 : (this.#payloadTo[uplink - 1] ?? 0);
  }

  get unsettled(): number {
    return this.#unsettled;
  }

  /** Begins an uplink, of whose payload it takes a copy; its readings follow by `addReading`. */
  begin(lane: DeviceLane, delivery: Delivery, repeatsBefore_ms: number, settled: Settled): void {
    this.lanes.push(lane);
    this.receivedAt_ms.push(delivery.receivedAt_ms);
    this.packetIds.push(delivery.packetId ?? -1);
    this.repeatsBefore_ms.push(repeatsBefore_ms);
    this.#keep(delivery.payload);
    this.#settled.push(settled);
    this.#readingsFrom.push(this.measuredAt_ms.length);
    this.#unsettled += 1;
    lane.inFlight += 1;
  }

  #keep(payload: Uint8Array): void {
    const from = this.payload_bytes;
    const to = from + LENGTH_bytes + payload.length;
    if (from === 0) this.#bytes = spare.pop() ?? NO_BYTES;
    if (to > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, to, SMALLEST_bytes));
      larger.set(this.#bytes.subarray(0, from));
      this.#bytes = larger;
    }
    this.#bytes.writeInt32BE(payload.length, from);
    this.#bytes.set(payload, from + LENGTH_bytes);
    this.#payloadTo.push(to);
  }

  /** To be called when all are settled: the memory of its payloads is for the next batches, and none may be asked for. */
  release(): void {
    if (this.#bytes.length > 0 && this.#bytes.length <= mostSpare_bytes && spare.length < mostSpare) {
      spare.push(this.#bytes);
    }
    this.#bytes = NO_BYTES;
  }

  /** Says what the begun uplink was decoded by. */
  decodedBy(format: string, version: number | null): void {
    this.formats.push(format);
    this.decoderVersions.push(version ?? -1);
  }

  addReading(measuredAt_ms: number, register_l: number, clock: number, plausible: boolean): void {
    this.measuredAt_ms.push(measuredAt_ms);
    this.registers_l.push(register_l);
    this.#marks.push(plausible ? clock : clock + 4);
  }

  /** Takes what the general decoder made of the begun uplink. */
  addDecoded(decoded: DecodedDelivery): void {
    this.decodedBy(decoded.format, decoded.decoderVersion);
    if (decoded.problem !== null) this.#problems.set(this.count - 1, decoded.problem);
    for (const reading of decoded.readings) this.#add(reading);
  }

  #add(reading: PendingReading): void {
    if (reading.flags.length > 0) this.#flags.set(this.measuredAt_ms.length, reading.flags);
    this.addReading(reading.measuredAt_ms, reading.register_l, clocks.indexOf(reading.clock), reading.plausible);
  }

  firstReadingOf(uplink: number): number {
    return this.#readingsFrom[uplink] ?? 0;
  }

  /** None where the uplink goes to quarantine. */
  endOfReadings(uplink: number): number {
    if (this.#problems.size > 0 && this.#problems.has(uplink)) return this.firstReadingOf(uplink);
    return this.#readingsFrom[uplink + 1] ?? this.measuredAt_ms.length;
  }

  clockOf(reading: number): number {
    return (this.#marks[reading] ?? 0) & 3;
  }

  isPlausible(reading: number): boolean {
    return (this.#marks[reading] ?? 0) < 4;
  }

  flagsOf(reading: number): readonly string[] {
    return this.#flags.size === 0 ? NOTHING : (this.#flags.get(reading) ?? NOTHING);
  }

  problemOf(uplink: number): IntakeProblem | null {
    return this.#problems.get(uplink) ?? null;
  }

  get hasProblems(): boolean {
    return this.#problems.size > 0;
  }

  /** The database refuses its readings: they are left out, the bytes stay. */
  refuse(uplink: number, problem: IntakeProblem): void {
    this.#problems.set(uplink, problem);
  }

  /** A redelivery joins the uplink that is in flight. */
  join(uplink: number, settled: Settled): void {
    const also = this.#alsoSettled.get(uplink);
    if (also === undefined) this.#alsoSettled.set(uplink, [settled]);
    else also.push(settled);
  }

  /** The place of an unsettled uplink of this device with this packet id and these bytes, received before; -1 for none. */
  find(deviceNo: number, packetId: number, payload: Uint8Array, before_ms: number): number {
    for (let uplink = 0; uplink < this.packetIds.length; uplink += 1) {
      if (
        this.packetIds[uplink] === packetId &&
        this.lanes[uplink]?.device.deviceNo === deviceNo &&
        (this.receivedAt_ms[uplink] ?? 0) < before_ms &&
        this.#settled[uplink] !== DONE &&
        this.payloadLength(uplink) === payload.length &&
        Buffer.compare(this.payloadOf(uplink), payload) === 0
      )
        return uplink;
    }
    return -1;
  }

  /** Tells everybody who waits for this uplink, once. */
  settle(uplink: number, stored: boolean): void {
    const settled = this.#settled[uplink];
    if (settled === undefined || settled === DONE) return;
    this.#settled[uplink] = DONE;
    this.#unsettled -= 1;
    const lane = this.lanes[uplink];
    if (lane !== undefined) lane.inFlight -= 1;
    const packetId = this.packetIds[uplink] as number;
    settled(stored, packetId < 0 ? null : packetId);
    if (this.#alsoSettled.size === 0) return;
    const also = this.#alsoSettled.get(uplink);
    if (also !== undefined) for (const one of also) one(stored, packetId);
  }
}

const DONE: Settled = () => {};
