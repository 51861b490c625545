// Resolves did:key through its library, for the signature keys that credentials are signed with.
import { driver, type MultibaseKey } from '@digitalbazaar/did-method-key';
import { multibaseDecode } from 'didwebvh-ts';
import { type DidResolution, refusal } from './did-resolution.ts';

/** First characters of the multibase text, multicodec prefix, whole length. Source: the multicodec table; did:key method. */
const keyKinds = [
  { header: 'z6Mk', prefix: [0xed, 0x01], length_bytes: 34 },
  { header: 'zDna', prefix: [0x80, 0x24], length_bytes: 35 },
  { header: 'z82L', prefix: [0x81, 0x24], length_bytes: 51 },
  { header: 'zQ3s', prefix: [0xe7, 0x01], length_bytes: 35 },
] as const;

const keys = driver();
for (const { header, prefix, length_bytes } of keyKinds) {
  keys.use({
    multibaseMultikeyHeader: header,
    fromMultibase: async ({ publicKeyMultibase }) => {
      const bytes: Uint8Array = multibaseDecode(publicKeyMultibase).bytes;
      if (bytes.length !== length_bytes || !prefix.every((byte, at) => bytes[at] === byte)) throw new TypeError('key');
      return multikey({ publicKeyMultibase });
    },
  });
}

/** The key pair interface that the library asks for, of a public key alone. */
function multikey({ publicKeyMultibase }: MultibaseKey): object {
  const key = { '@context': 'https://w3id.org/security/multikey/v1', type: 'Multikey', id: '', controller: '' };
  return Object.assign(key, {
    publicKeyMultibase,
    export: async () => ({ id: key.id, type: key.type, controller: key.controller, publicKeyMultibase }),
  });
}

export async function resolveKeyDid(did: string): Promise<DidResolution> {
  try {
    const document = await keys.get({ did });
    if (document.id !== did) return refusal('INVALID_DID', 'The did:key is not written as its key is.');
    return { error: null, document, metadata: {} };
  } catch {
    return refusal('INVALID_DID', 'The did:key holds no Ed25519, P-256, P-384 or secp256k1 key.');
  }
}
