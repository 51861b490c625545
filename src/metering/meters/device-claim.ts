// Claim codes as they are printed and typed: four groups of five, of which the first finds the code and the rest proves it.
import type { Random } from '../../platform/random.ts';

/** Crockford's base 32: no I, L, O, U, so that what is read from a card can't be mistaken. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const SELECTOR_chars = 5;
const CODE_chars = 20;

export interface ClaimCode {
  selector: string;
  verifier: string;
}

/** 25 random bits that find it, 75 that prove it. */
export function newClaimCode(random: Random): ClaimCode {
  const text = [...random.bytes(CODE_chars)].map((byte) => ALPHABET[byte & 31]).join('');
  return { selector: text.slice(0, SELECTOR_chars), verifier: text.slice(SELECTOR_chars) };
}

/** `ABCDE-FGHJK-MNPQR-STVWX` */
export function printedCode({ selector, verifier }: ClaimCode): string {
  return (selector + verifier).match(/.{5}/g)?.join('-') ?? '';
}

/** Small letters, spaces, missing hyphens, I and L for 1, O for 0 are taken; null for what can't be a code. */
export function readClaimCode(typed: string): ClaimCode | null {
  const text = typed.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0');
  if (text.length !== CODE_chars || [...text].some((letter) => !ALPHABET.includes(letter))) return null;
  return { selector: text.slice(0, SELECTOR_chars), verifier: text.slice(SELECTOR_chars) };
}
