// Recovery words: twelve words of BIP-39 from which a new phone finds the DID again and makes the key that may take it over.
// Source: BIP-39; RFC 5869 (HKDF); RFC 8410, 7 (PKCS #8 of an Ed25519 key).
import { entropyToMnemonic, mnemonicToSeedWebcrypto, validateMnemonic } from '@scure/bip39';
import { type Ed25519Signer, webCryptoSigner } from '../../../src/identity/dids/did-entry.ts';
import { personId } from '../../../src/identity/dids/did-webvh.ts';
import { WalletRefusal } from './wallet-refusal.ts';
import type { SealedWords } from './wallet-store.ts';

export type WordsLanguage = 'ko' | 'en';

const entropy_bytes = 16;
const iv_bytes = 12;
const personId_bits = 128;
const ed25519Seed_bits = 256;
const ed25519Pkcs8Head = Uint8Array.from([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]);
export const recoveryWordCount = 12;

const wordList = {
  ko: async () => (await import('@scure/bip39/wordlists/korean.js')).wordlist,
  en: async () => (await import('@scure/bip39/wordlists/english.js')).wordlist,
} as const satisfies Record<WordsLanguage, () => Promise<string[]>>;

export interface Recovery {
  /** The path segment of the DID: 32 hexadecimal digits. */
  personId: string;
  /** The recovery key; its hash stands in every entry of the DID's log. */
  signer: Ed25519Signer;
}

/** @returns twelve words in the list's own form (NFKD), a space between them */
export async function makeRecoveryWords(language: WordsLanguage): Promise<string> {
  return entropyToMnemonic(crypto.getRandomValues(new Uint8Array(entropy_bytes)), await wordList[language]());
}

/**
 * The words a person typed, in the list's own form: composed or decomposed letters, capitals, numbers before the words,
 * commas and any space between them are all the same.
 *
 * @throws RECOVERY_WORDS_COUNT, RECOVERY_WORD_UNKNOWN (saying which ones, by place), RECOVERY_WORDS_WRONG
 */
export async function readRecoveryWords(typed: string): Promise<string> {
  const words = typed
    .normalize('NFKD')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '');
  if (words.length !== recoveryWordCount) throw new WalletRefusal('RECOVERY_WORDS_COUNT', String(words.length));
  const list = await wordList[/^[a-z]/.test(words[0] ?? '') ? 'en' : 'ko']();
  const known = new Set(list);
  const unknown = words.flatMap((word, index) => (known.has(word) ? [] : [index + 1]));
  if (unknown.length > 0) throw new WalletRefusal('RECOVERY_WORD_UNKNOWN', unknown.join(', '));
  const mnemonic = words.join(' ');
  if (!validateMnemonic(mnemonic, list)) throw new WalletRefusal('RECOVERY_WORDS_WRONG');
  return mnemonic;
}

/** @param words as `makeRecoveryWords` or `readRecoveryWords` gave them */
export async function recoveryOf(words: string): Promise<Recovery> {
  const seed = new Uint8Array(await mnemonicToSeedWebcrypto(words));
  const material = await crypto.subtle.importKey('raw', seed, 'HKDF', false, ['deriveBits']);
  const derive = async (info: string, bits: number): Promise<Uint8Array> =>
    new Uint8Array(
      await crypto.subtle.deriveBits(
        { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: new TextEncoder().encode(info) },
        material,
        bits,
      ),
    );
  return {
    personId: personId(await derive('naru/person-id/1', personId_bits)),
    signer: await ed25519SignerOf(await derive('naru/recovery-key/1', ed25519Seed_bits)),
  };
}

/** WebCrypto gives the public half of a private key only through JWK. */
async function ed25519SignerOf(seed: Uint8Array): Promise<Ed25519Signer> {
  const pkcs8 = Uint8Array.of(...ed25519Pkcs8Head, ...seed);
  const readable = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign']);
  const { kty, crv, x } = await crypto.subtle.exportKey('jwk', readable);
  return webCryptoSigner({
    privateKey: await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']),
    publicKey: await crypto.subtle.importKey('jwk', { kty, crv, x } as JsonWebKey, 'Ed25519', true, ['verify']),
  });
}

export async function sealWords(words: string): Promise<SealedWords> {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  const iv = crypto.getRandomValues(new Uint8Array(iv_bytes));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new TextEncoder().encode(words));
  return { key, iv, sealed: new Uint8Array(sealed) };
}

/** @returns the words as people write them, with composed letters */
export async function openSealedWords({ key, iv, sealed }: SealedWords): Promise<string[]> {
  const words = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed);
  return new TextDecoder().decode(words).normalize('NFC').split(' ');
}
