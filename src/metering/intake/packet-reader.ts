// Cuts a stream of bytes into MQTT packets: the fixed header is read here, the body is handed on where it lies.
//
// Nothing is copied while packets come whole. What is left of a chunk is kept in a buffer that grows with what arrives,
// never by what a header promises: a sender that declares much and sends little holds little.

export type ReaderRefusal = 'packet_too_large' | 'malformed_packet';

const NOTHING: Buffer = Buffer.alloc(0);
const SMALLEST_HOLD_bytes = 256;

export class PacketReader {
  /** Largest remaining length taken now. */
  mostBytes: number;
  /** The packet that `next` found: its first byte, and where it and its body lie in `bytes`. */
  first = 0;
  from = 0;
  start = 0;
  end = 0;
  bytes: Buffer = NOTHING;
  /** Why there will be no further packet; null while all is well. */
  refusal: ReaderRefusal | null = null;
  #at = 0;
  #until = 0;
  /** Whether `bytes` is a buffer of our own, with room behind `#until`. */
  #isOwn = false;

  constructor(mostBytes: number) {
    this.mostBytes = mostBytes;
  }

  /** Adds what arrived. The chunk must not be changed as long as its packets are in use. */
  feed(chunk: Buffer): void {
    const rest = this.#until - this.#at;
    if (rest === 0) {
      this.bytes = chunk;
      this.#isOwn = false;
      this.#at = 0;
      this.#until = chunk.length;
      return;
    }
    const together = rest + chunk.length;
    if (this.#until + chunk.length > this.bytes.length || !this.#isOwn) {
      // At least doubled, so that a packet that comes byte by byte is not copied once a byte.
      const larger = Buffer.allocUnsafeSlow(Math.max(together, 2 * rest, SMALLEST_HOLD_bytes));
      this.bytes.copy(larger, 0, this.#at, this.#until);
      this.bytes = larger;
      this.#isOwn = true;
      this.#at = 0;
      this.#until = rest;
    }
    chunk.copy(this.bytes, this.#until);
    this.#until += chunk.length;
  }

  /**
   * Finds the next whole packet.
   *
   * Source: MQTT 3.1.1 section 2.2.3: seven bits a byte, least significant first, four bytes at most.
   *
   * @returns false where more bytes are needed, or where `refusal` says that none will help
   */
  next(): boolean {
    const { bytes } = this;
    const until = this.#until;
    const from = this.#at;
    if (from >= until) {
      // Lets go of the chunk: an idle connection holds no buffer.
      if (until > 0) this.#forget();
      return false;
    }
    this.first = bytes[from] as number;
    if (!this.isStartRight(this.first)) return this.#refuse('malformed_packet');
    let at = from + 1;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= until) return this.hold();
      const byte = bytes[at] as number;
      at += 1;
      length += (byte & 0x7f) << shift;
      if (length > this.mostBytes) return this.#refuse('packet_too_large');
      if (byte < 0x80) break;
      if (shift === 21) return this.#refuse('malformed_packet');
    }
    if (!this.isLengthRight(this.first, length)) return this.#refuse('malformed_packet');
    if (at + length > until) return this.hold();
    this.from = from;
    this.start = at;
    this.end = at + length;
    this.#at = this.end;
    return true;
  }

  /** Whether a packet may begin with this byte; asked before its body is there. */
  protected isStartRight(_first: number): boolean {
    return true;
  }

  /** Whether such a packet may be so long. */
  protected isLengthRight(_first: number, _length: number): boolean {
    return true;
  }

  /**
   * Keeps what is left without the chunk that it came at the end of, which may share its memory with many others.
   *
   * @param growth 1 where nothing is expected to follow for now
   */
  hold(growth: 1 | 2 = 2): false {
    if (this.#isOwn) return false;
    const rest = this.#until - this.#at;
    if (rest === 0) {
      this.#forget();
      return false;
    }
    const own = Buffer.allocUnsafeSlow(Math.max(growth * rest, SMALLEST_HOLD_bytes));
    this.bytes.copy(own, 0, this.#at, this.#until);
    this.bytes = own;
    this.#isOwn = true;
    this.#at = 0;
    this.#until = rest;
    return false;
  }

  #refuse(reason: ReaderRefusal): false {
    this.refusal = reason;
    this.#forget();
    return false;
  }

  #forget(): void {
    this.bytes = NOTHING;
    this.#at = 0;
    this.#until = 0;
    this.#isOwn = false;
  }
}
