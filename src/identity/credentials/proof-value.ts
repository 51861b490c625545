// Values of proofs as multibase text, read strictly: another encoding or another length is no value.
// Source: VC Data Integrity 1.0, 2.4; Controlled Identifiers 1.0, 2.4.
import { MultibaseEncoding, multibaseDecode, multibaseEncode } from 'didwebvh-ts';

/** base58btc, header `z`. */
export function encodeSignature(signature: Uint8Array): string {
  return multibaseEncode(signature, MultibaseEncoding.BASE58_BTC);
}

/** @returns null where the value is not base58btc of `length` bytes */
export function decodeSignature(value: string, length: number): Uint8Array | null {
  // A byte takes less than 1.37 characters of base58.
  if (!/^z[1-9A-HJ-NP-Za-km-z]+$/.test(value) || value.length > 2 + length * 1.4) return null;
  const { bytes }: { bytes: Uint8Array } = multibaseDecode(value);
  return bytes.length === length ? bytes : null;
}
