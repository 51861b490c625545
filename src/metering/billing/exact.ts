// Exact fractions for money and volumes: a bill is added up without a floating-point number anywhere.

/** Longest decimal that is read: more than any price or volume needs, and a bound on the work a file can ask for. */
const longestDecimal_chars = 40;

export class Exact {
  /** In lowest terms; the denominator is positive. */
  readonly numerator: bigint;
  readonly denominator: bigint;

  private constructor(numerator: bigint, denominator: bigint) {
    this.numerator = numerator;
    this.denominator = denominator;
  }

  static readonly zero = new Exact(0n, 1n);
  static readonly one = new Exact(1n, 1n);

  static ratio(numerator: bigint, denominator: bigint): Exact {
    if (denominator === 0n) throw new Error('a fraction over zero');
    if (denominator === 1n) return new Exact(numerator, 1n);
    const sign = denominator < 0n ? -1n : 1n;
    const shared = greatestCommonDivisor(numerator < 0n ? -numerator : numerator, denominator * sign) * sign;
    return new Exact(numerator / shared, denominator / shared);
  }

  static whole(value: bigint | number): Exact {
    return new Exact(BigInt(value), 1n);
  }

  /** `148.9`, `-3`; null for anything else, exponents among them. */
  static parse(decimal: string): Exact | null {
    const match = decimal.length <= longestDecimal_chars ? /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal) : null;
    if (match === null) return null;
    const [, minus = '', whole = '', part = ''] = match;
    return Exact.ratio(BigInt(`${minus}${whole}${part}`), 10n ** BigInt(part.length));
  }

  plus(other: Exact): Exact {
    if (this.denominator === other.denominator) {
      return Exact.ratio(this.numerator + other.numerator, this.denominator);
    }
    return Exact.ratio(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }

  minus(other: Exact): Exact {
    return this.plus(other.negated());
  }

  times(other: Exact): Exact {
    return Exact.ratio(this.numerator * other.numerator, this.denominator * other.denominator);
  }

  over(other: Exact): Exact {
    return Exact.ratio(this.numerator * other.denominator, this.denominator * other.numerator);
  }

  negated(): Exact {
    return new Exact(-this.numerator, this.denominator);
  }

  /** Negative, zero or positive as this is less than, equal to or more than the other. */
  compare(other: Exact): number {
    const difference = this.numerator * other.denominator - other.numerator * this.denominator;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }

  sign(): number {
    return this.numerator < 0n ? -1 : this.numerator > 0n ? 1 : 0;
  }

  isWhole(): boolean {
    return this.denominator === 1n;
  }

  static least(one: Exact, other: Exact): Exact {
    return one.compare(other) <= 0 ? one : other;
  }

  static most(one: Exact, other: Exact): Exact {
    return one.compare(other) >= 0 ? one : other;
  }

  static sum(values: Iterable<Exact>): Exact {
    let sum = Exact.zero;
    for (const value of values) sum = sum.plus(value);
    return sum;
  }

  /** A decimal such as `148.9` where it ends, else the fraction, such as `310/31`. */
  toString(): string {
    const digits = decimalDigits(this.denominator);
    if (digits === null) return `${this.numerator}/${this.denominator}`;
    const scaled = (this.numerator * 10n ** digits) / this.denominator;
    const text = (scaled < 0n ? -scaled : scaled).toString().padStart(Number(digits) + 1, '0');
    const at = text.length - Number(digits);
    return `${scaled < 0n ? '-' : ''}${text.slice(0, at)}${digits === 0n ? '' : `.${text.slice(at)}`}`;
  }
}

function greatestCommonDivisor(one: bigint, other: bigint): bigint {
  let [a, b] = [one, other];
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

/** How many decimals a fraction over this takes; null where it never ends. */
function decimalDigits(denominator: bigint): bigint | null {
  let rest = denominator;
  let [twos, fives] = [0n, 0n];
  for (; rest % 2n === 0n; rest /= 2n) twos += 1n;
  for (; rest % 5n === 0n; rest /= 5n) fives += 1n;
  if (rest !== 1n) return null;
  return twos > fives ? twos : fives;
}
