// The quick way through the house format: packs as meters of ours write them, registers of one meter and nothing special.
//
// Reads the bytes once and makes no objects. What it does not know to the letter — white space, escapes, exponents, flags,
// fields out of the ordinary — it leaves to senml-json.ts; what it does read, it reads to the same numbers, which
// test/devices/senml-json-plain.test.ts holds against that one. Source: RFC 8428 sections 4.1–4.6.

const mostRecords = 256;
const mostPayload_bytes = 32_768;
const relativeBelow_s = 2 ** 28;
const latest_s = 7_258_118_400;
const mostRegister_l = 999_999_999_999;
/** Up to here digits and powers of ten are exact doubles, and their quotient is the double that the text means. */
const mostDigits = 15;
const powers = Array.from({ length: mostDigits + 1 }, (_, exponent) => 10 ** exponent);

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_RECORD = 0x7b;
const CLOSE_RECORD = 0x7d;
/** Stands for the unit V, which is no volume. */
const VOLT = -1;
const REGISTER = new TextEncoder().encode('register"');
const BATTERY = new TextEncoder().encode('battery"');

const BN = 1;
const BT = 2;
const N = 4;
const U = 8;
const V = 16;
const T = 32;

/** Letters, digits and marks that names may have. Source: RFC 8428 section 4.5.1. */
const inName = new Uint8Array(256);
for (const c of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789') inName[c.charCodeAt(0)] = 2;
for (const c of '-:./_') inName[c.charCodeAt(0)] = 1;

/** Reads one pack after another; what the last one held stands in its fields. */
export class PlainPack {
  /** Of each register, in the pack's order; NaN where it has no time. */
  readonly times_ms: number[] = [];
  readonly registers_l: number[] = [];
  count = 0;
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;
  #base_s = 0;
  #number = 0;

  /**
   * @param serial of the meter that the pack must name, byte by byte
   * @returns false where the pack is for the general decoder; nothing is said about it then
   */
  read(payload: Uint8Array, serial: Uint8Array): boolean {
    const { length } = payload;
    if (length > mostPayload_bytes || payload[0] !== OPEN_LIST || payload[length - 1] !== CLOSE_LIST) return false;
    this.#bytes = payload;
    this.#at = 1;
    this.#base_s = 0;
    this.count = 0;
    for (let record = 0; record < mostRecords; record += 1) {
      if (!this.#record(record === 0, serial)) return false;
      const next = payload[this.#at];
      this.#at += 1;
      if (next === CLOSE_LIST) return this.#at === length && this.count > 0;
      if (next !== COMMA) return false;
    }
    return false;
  }

  #record(first: boolean, serial: Uint8Array): boolean {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== OPEN_RECORD) return false;
    this.#at += 1;
    let seen = 0;
    let isRegister = false;
    let scale_ml = 0;
    let value = 0;
    let time_s = 0;
    for (;;) {
      const field = this.#field();
      if (field === 0 || (seen & field) !== 0) return false;
      seen |= field;
      if (field === N) {
        isRegister = this.#word(REGISTER);
        if (!isRegister && !this.#word(BATTERY)) return false;
      } else if (field === U) {
        scale_ml = this.#unit();
        if (scale_ml === 0) return false;
      } else if (field === BN) {
        if (!first || !this.#baseName(serial)) return false;
      } else {
        if (!this.#readNumber()) return false;
        if (field === V) value = this.#number;
        else if (field === T) time_s = this.#number;
        else if (first) this.#base_s = this.#number;
        else return false;
      }
      const next = bytes[this.#at];
      this.#at += 1;
      if (next === CLOSE_RECORD) break;
      if (next !== COMMA) return false;
    }
    const needed = first ? BN | N | U | V : N | U | V;
    if ((seen & needed) !== needed) return false;
    return isRegister ? this.#register(value, scale_ml, this.#base_s + time_s) : scale_ml === VOLT;
  }

  #register(value: number, scale_ml: number, time_s: number): boolean {
    if (value < 0 || scale_ml === VOLT) return false;
    const register_l = Math.floor(Math.round(value * scale_ml) / 1000);
    if (register_l > mostRegister_l) return false;
    let time_ms = Number.NaN;
    if (time_s === 0) {
      // Without a time it is the newest, whatever its place: more than one is not plain.
      if (this.count > 0) return false;
    } else {
      if (time_s < relativeBelow_s || time_s > latest_s) return false;
      if (this.count > 0 && Number.isNaN(this.times_ms[0])) return false;
      time_ms = Math.round(time_s * 1000);
    }
    this.times_ms[this.count] = time_ms;
    this.registers_l[this.count] = register_l;
    this.count += 1;
    return true;
  }

  /** Which field begins here, its colon passed; 0 for any other. */
  #field(): number {
    const bytes = this.#bytes;
    const at = this.#at;
    if (bytes[at] !== QUOTE) return 0;
    const letter = bytes[at + 1];
    if (bytes[at + 2] === QUOTE) {
      if (bytes[at + 3] !== COLON) return 0;
      this.#at = at + 4;
      if (letter === 0x6e) return N;
      if (letter === 0x75) return U;
      if (letter === 0x76) return V;
      return letter === 0x74 ? T : 0;
    }
    if (letter !== 0x62 || bytes[at + 3] !== QUOTE || bytes[at + 4] !== COLON) return 0;
    this.#at = at + 5;
    if (bytes[at + 2] === 0x6e) return BN;
    return bytes[at + 2] === 0x74 ? BT : 0;
  }

  /** @param word with its closing quote */
  #word(word: Uint8Array): boolean {
    const bytes = this.#bytes;
    const from = this.#at + 1;
    if (bytes[this.#at] !== QUOTE) return false;
    for (let index = 0; index < word.length; index += 1) if (bytes[from + index] !== word[index]) return false;
    this.#at = from + word.length;
    return true;
  }

  /** Millilitres in one `m3` or `l`, VOLT for `V`; 0 for any other. */
  #unit(): number {
    const bytes = this.#bytes;
    const at = this.#at;
    if (bytes[at] !== QUOTE) return 0;
    if (bytes[at + 2] === QUOTE) {
      this.#at = at + 3;
      return bytes[at + 1] === 0x6c ? 1_000 : bytes[at + 1] === 0x56 ? VOLT : 0;
    }
    if (bytes[at + 1] !== 0x6d || bytes[at + 2] !== 0x33 || bytes[at + 3] !== QUOTE) return 0;
    this.#at = at + 4;
    return 1_000_000;
  }

  /** `urn:naru:meter:23165017:`, or whatever else ends in the serial between two separators. */
  #baseName(serial: Uint8Array): boolean {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== QUOTE) return false;
    const from = this.#at + 1;
    let to = from;
    while (inName[bytes[to] ?? 0] !== 0) to += 1;
    if (bytes[to] !== QUOTE || inName[bytes[from] ?? 0] !== 2) return false;
    this.#at = to + 1;
    const begins = to - 1 - serial.length;
    if (begins < from || !isSeparator(bytes[to - 1])) return false;
    if (begins > from && !isSeparator(bytes[begins - 1])) return false;
    for (let index = 0; index < serial.length; index += 1) {
      const byte = bytes[begins + index];
      if (byte !== serial[index] || isSeparator(byte)) return false;
    }
    return true;
  }

  /** An integer or a decimal fraction of few digits, as JSON writes them. */
  #readNumber(): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    const negative = bytes[at] === MINUS;
    if (negative) at += 1;
    const from = at;
    let digits = 0;
    let byte = bytes[at] ?? 0;
    while (byte >= ZERO && byte <= NINE) {
      digits = digits * 10 + (byte - ZERO);
      at += 1;
      byte = bytes[at] ?? 0;
    }
    const whole = at - from;
    if (whole === 0 || (whole > 1 && bytes[from] === ZERO)) return false;
    let decimals = 0;
    if (byte === DOT) {
      at += 1;
      byte = bytes[at] ?? 0;
      while (byte >= ZERO && byte <= NINE) {
        digits = digits * 10 + (byte - ZERO);
        decimals += 1;
        at += 1;
        byte = bytes[at] ?? 0;
      }
      if (decimals === 0) return false;
    }
    if (whole + decimals > mostDigits || (negative && digits === 0)) return false;
    this.#at = at;
    const size = decimals === 0 ? digits : digits / (powers[decimals] ?? 1);
    this.#number = negative ? -size : size;
    return true;
  }
}

function isSeparator(byte: number | undefined): boolean {
  return byte === COLON || byte === SLASH;
}
