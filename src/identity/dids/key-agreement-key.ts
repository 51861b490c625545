// The X25519 key that belongs to an Ed25519 key: the same point on the other form of the curve. Source: RFC 7748, 4.1.

const P = 2n ** 255n - 19n;

/** @param ed25519 32 bytes @returns 32 bytes */
export function x25519Of(ed25519: Uint8Array): Uint8Array {
  // The highest bit is the sign of x, which the map does not need.
  const y = [...ed25519].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) & (2n ** 255n - 1n);
  // u = (1 + y) / (1 - y); a division is a power, since P is prime.
  let u = (((1n + y) % P) * power((1n - y + P) % P, P - 2n)) % P;
  return Uint8Array.from({ length: 32 }, () => {
    const byte = Number(u & 0xffn);
    u >>= 8n;
    return byte;
  });
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, left = exponent; left > 0n; left >>= 1n, square = (square * square) % P) {
    if (left & 1n) result = (result * square) % P;
  }
  return result;
}
