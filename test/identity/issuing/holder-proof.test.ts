// Key proofs as a credential issuer reads them: what is taken, and each way of being wrong.
import { generateKeyPairSync } from 'node:crypto';
import { type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { credentialLimits } from '../../../src/identity/issuing/credential-request.ts';
import {
  distinctKeys,
  type ProofExpectation,
  readProofAttestation,
  readProofJwt,
  verifyProofJwt,
} from '../../../src/identity/issuing/holder-proof.ts';
import { atLeast } from '../../../src/identity/issuing/key-attestation.ts';
import { type AttestationChanges, walletKey, walletProvider } from '../../support/wallet-provider.ts';

const now_s = Math.floor(Date.now() / 1_000);
const issuer = 'https://issuer.example';
const provider = await walletProvider();
const stranger = await walletProvider();
const key = await walletKey();
const other = await walletKey();

const expected: ProofExpectation = {
  ...{ audience: issuer, clientId: null, need: null, now_s },
  providers: { roots: [provider.root], keys: [] },
};

const ZEROS = Buffer.alloc(32).toString('base64url');
const ONES = Buffer.alloc(32, 255).toString('base64url');

interface Changes {
  header?: Record<string, unknown>;
  payload?: Record<string, unknown>;
  without?: string[];
  signedBy?: CryptoKey;
}

function proof({ header = {}, payload = {}, without = [], signedBy = key.privateKey }: Changes = {}): Promise<string> {
  const kept = (object: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(object).filter(([name]) => !without.includes(name)));
  return new SignJWT(kept({ aud: issuer, iat: now_s, nonce: 'n', ...payload }))
    .setProtectedHeader({
      alg: 'ES256',
      ...kept({ typ: 'openid4vci-proof+jwt', jwk: key.jwk, ...header }),
    })
    .sign(signedBy);
}

async function keysOf(jwt: string, expectation = expected) {
  const read = readProofJwt(jwt, expectation);
  return verifyProofJwt(read, 'jwk' in read.key ? read.key.jwk : key.jwk);
}

function refusal(word: string) {
  return { errorResponse: { error: 'invalid_proof', error_description: expect.stringContaining(word) } };
}

describe('a proof of type jwt [OID4VCI F.1]', () => {
  test('stands for the key in its header', async () => {
    expect(await keysOf(await proof())).toEqual([{ jwk: key.jwk, didUrl: null }]);
  });

  test('keeps no more of the key than makes it one', async () => {
    const named = { ...key.jwk, kid: 'my phone', use: 'sig', ext: true };
    expect(await keysOf(await proof({ header: { jwk: named } }))).toEqual([{ jwk: key.jwk, didUrl: null }]);
  });

  test('is taken from an Ed25519 key with EdDSA', async () => {
    const pair = generateKeyPairSync('ed25519');
    const jwk = pair.publicKey.export({ format: 'jwk' }) as JWK;
    const jwt = await new SignJWT({ aud: issuer, iat: now_s, nonce: 'n' })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'openid4vci-proof+jwt', jwk })
      .sign(pair.privateKey);
    expect(await keysOf(jwt)).toMatchObject([{ jwk: { kty: 'OKP', crv: 'Ed25519' } }]);
  });

  test('leads to its key by a DID URL, for who resolves it', async () => {
    const read = readProofJwt(await proof({ header: { kid: 'did:example:1#k' }, without: ['jwk'] }), expected);
    expect(read.key).toEqual({ didUrl: 'did:example:1#k' });
    expect(verifyProofJwt(read, key.jwk)).toEqual([{ jwk: key.jwk, didUrl: 'did:example:1#k' }]);
    expect(() => verifyProofJwt(read, other.jwk)).toThrow(expect.objectContaining(refusal('signed')));
  });

  test('names the wallet where the token does [F.1, iss]', async () => {
    const named = await proof({ payload: { iss: 'wallet-1' } });
    expect(await keysOf(named, { ...expected, clientId: 'wallet-1' })).toHaveLength(1);
    await expect(keysOf(named)).rejects.toMatchObject(refusal('iss'));
    await expect(keysOf(named, { ...expected, clientId: 'wallet-2' })).rejects.toMatchObject(refusal('iss'));
  });

  test.each<[string, Changes, string]>([
    ['another type', { header: { typ: 'JWT' } }, 'typ'],
    ['no type', { without: ['typ'] }, 'typ'],
    ['a header it must understand', { header: { crit: ['b64'], b64: true } }, 'crit'],
    ['another audience', { payload: { aud: 'https://other.example' } }, 'aud'],
    ['several audiences', { payload: { aud: [issuer] } }, 'aud'],
    ['no audience', { without: ['aud'] }, 'aud'],
    ['no iat', { without: ['iat'] }, 'iat'],
    ['an iat that is a text', { payload: { iat: String(now_s) } }, 'iat'],
    ['an iat long ago', { payload: { iat: now_s - credentialLimits.proofAge_s - 1 } }, 'iat'],
    ['an iat to come', { payload: { iat: now_s + credentialLimits.proofAge_s + 1 } }, 'iat'],
    ['an end before now', { payload: { exp: now_s - 1 } }, 'exp'],
    ['a beginning after now', { payload: { nbf: now_s + 3_600 } }, 'nbf'],
    ['no nonce', { without: ['nonce'] }, 'nonce'],
    ['a nonce that is a number', { payload: { nonce: 7 } }, 'nonce'],
    ['no key', { without: ['jwk'] }, 'jwk'],
    ['two keys', { header: { kid: 'did:example:1#k' } }, 'jwk'],
    ['a key in x5c', { header: { x5c: provider.x5c }, without: ['jwk'] }, 'x5c'],
    ['a key named by nothing', { header: { kid: '../../etc/passwd' }, without: ['jwk'] }, 'kid'],
    ['a key of another curve', { header: { jwk: { ...key.jwk, crv: 'P-384' } } }, 'jwk'],
    ['a key that is not on its curve', { header: { jwk: { ...key.jwk, y: key.jwk.x } } }, 'signed'],
    ['a key that is no point but zeros', { header: { jwk: { ...key.jwk, x: ZEROS, y: ZEROS } } }, 'signed'],
    ['a key beyond its field', { header: { jwk: { ...key.jwk, x: ONES } } }, 'signed'],
    ['the signature of another key', { signedBy: other.privateKey }, 'signed'],
  ])('is refused with %s', async (_what, changes, word) => {
    await expect(keysOf(await proof(changes))).rejects.toMatchObject(refusal(word));
  });

  test('is refused with a private key in its header', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = pair.privateKey.export({ format: 'jwk' });
    await expect(keysOf(await proof({ header: { jwk } }))).rejects.toMatchObject(refusal('jwk'));
  });

  test('is refused unsigned, and signed with a secret made of the public key [RFC 8725 3.1]', async () => {
    const payload = { aud: issuer, iat: now_s, nonce: 'n' };
    const none = new UnsecuredJWT(payload).encode();
    const header = { alg: 'none', typ: 'openid4vci-proof+jwt', jwk: key.jwk };
    const named = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${none.split('.')[1]}.AA`;
    const secret = Buffer.from(key.keyObject.export({ type: 'spki', format: 'der' }));
    const symmetric = await new SignJWT(payload)
      .setProtectedHeader({ alg: 'HS256', typ: 'openid4vci-proof+jwt', jwk: key.jwk })
      .sign(secret);
    await expect(keysOf(none)).rejects.toMatchObject(refusal('JWT'));
    await expect(keysOf(named)).rejects.toMatchObject(refusal('alg'));
    await expect(keysOf(symmetric)).rejects.toMatchObject(refusal('alg'));
  });

  test('never says in a refusal what was in the proof', async () => {
    const secret = await proof({ payload: { aud: 'SECRET-AUDIENCE' } });
    await expect(keysOf(secret)).rejects.not.toThrow(/SECRET/);
  });
});

describe('a proof with a key attestation in its header [OID4VCI D.1, F.1]', () => {
  const attestedProof = async (changes: AttestationChanges = {}, keys: JWK[] = [{ ...key.jwk }, { ...other.jwk }]) =>
    proof({ header: { key_attestation: await provider.attest(keys, 'n', changes) } });

  test('stands for every key that is attested, and its nonce counts as well', async () => {
    const jwt = await attestedProof();
    expect(readProofJwt(jwt, expected).nonces).toEqual(['n', 'n']);
    expect(await keysOf(jwt)).toEqual([
      { jwk: key.jwk, didUrl: null },
      { jwk: other.jwk, didUrl: null },
    ]);
  });

  test('is believed without certificates where its key is known', async () => {
    const jwt = await attestedProof({ header: { x5c: undefined, kid: 'attester-7' } });
    const trusting = { ...expected, providers: { roots: [], keys: [provider.key] } };
    expect(await keysOf(jwt, trusting)).toHaveLength(2);
    await expect(keysOf(jwt)).rejects.toMatchObject(refusal('provider'));
  });

  test.each([['wallet-key-1'], ['1']])('may name its own key there: kid %s [F.1]', async (kid) => {
    const keys = [{ ...key.jwk }, { ...other.jwk, kid: 'wallet-key-1' }];
    const key_attestation = await provider.attest(keys, 'n');
    const jwt = await proof({ header: { kid, key_attestation }, without: ['jwk'], signedBy: other.privateKey });
    expect(await keysOf(jwt)).toHaveLength(2);
  });

  test.each<[string, AttestationChanges, string]>([
    ['another type', { header: { typ: 'keyattestation+jwt' } }, 'typ'],
    ['a header it must understand', { header: { crit: ['b64'], b64: true } }, 'crit'],
    ['no end', { without: ['exp'] }, 'exp'],
    ['an end before now', { payload: { exp: now_s - 1 } }, 'expired'],
    ['no iat', { without: ['iat'] }, 'iat'],
    ['no nonce', { without: ['nonce'] }, 'nonce'],
    ['no keys', { payload: { attested_keys: [] } }, 'attested_keys'],
    ['a key that is none', { payload: { attested_keys: [{ kty: 'oct', k: 'AA' }] } }, 'attested_keys'],
    ['other keys than its own', { payload: { attested_keys: [other.jwk] } }, 'key attestation'],
    ['a chain to nobody trusted', { header: { x5c: stranger.x5c } }, 'provider'],
    ['a chain that has expired', { header: { x5c: provider.expiredX5c } }, 'provider'],
    ['the root itself [HAIP 4.5.1]', { header: { x5c: provider.rootX5c } }, 'provider'],
    [
      'its root at the end of the chain [HAIP 4.5.1]',
      { header: { x5c: [...provider.x5c, ...provider.rootX5c] } },
      'provider',
    ],
    ['a chain out of order', { header: { x5c: [...provider.x5c].reverse() } }, 'provider'],
    ['a chain that breaks off', { header: { x5c: provider.x5c.slice(0, 1) } }, 'provider'],
    ['the signature of another key', { key: other.privateKey }, 'signed'],
  ])('is refused with %s', async (_what, changes, word) => {
    await expect(attestedProof(changes).then((jwt) => keysOf(jwt))).rejects.toMatchObject(refusal(word));
  });

  describe('where the configuration needs one [D.2]', () => {
    const needing = { ...expected, need: atLeast('moderate') };

    test('is refused without', async () => {
      await expect(keysOf(await proof(), needing)).rejects.toMatchObject(refusal('key_attestation'));
    });

    test.each<[string, Record<string, unknown>]>([
      ['the level itself', {}],
      ['a higher one', { key_storage: ['iso_18045_high'], user_authentication: ['iso_18045_high'] }],
      ['several, one of them right', { key_storage: ['https://level.example/1', 'iso_18045_moderate'] }],
    ])('is taken with %s', async (_what, payload) => {
      expect(await keysOf(await attestedProof({ payload }), needing)).toHaveLength(2);
    });

    test.each<[string, AttestationChanges, string]>([
      ['a weaker storage', { payload: { key_storage: ['iso_18045_basic'] } }, 'key_storage'],
      ['a weaker unlocking', { payload: { user_authentication: ['iso_18045_enhanced-basic'] } }, 'user_authentication'],
      ['no word on storage', { without: ['key_storage'] }, 'key_storage'],
      ['no word on unlocking', { without: ['user_authentication'] }, 'user_authentication'],
    ])('is refused with %s', async (_what, changes, word) => {
      await expect(attestedProof(changes).then((jwt) => keysOf(jwt, needing))).rejects.toMatchObject(refusal(word));
    });
  });
});

describe('a proof of type attestation [OID4VCI F.3]', () => {
  test('stands for its keys without a signature of theirs, and needs no end', async () => {
    const jwt = await provider.attest([{ ...key.jwk }, { ...other.jwk }], 'n', { without: ['exp'] });
    expect(readProofAttestation(jwt, expected)).toEqual({
      keys: [
        { jwk: key.jwk, didUrl: null },
        { jwk: other.jwk, didUrl: null },
      ],
      nonces: ['n'],
    });
  });

  test('is refused without a nonce of ours', async () => {
    const jwt = await provider.attest([{ ...key.jwk }], null);
    expect(() => readProofAttestation(jwt, expected)).toThrow(expect.objectContaining(refusal('nonce')));
  });
});

test('a key that is proved twice gets one credential [OID4VCI 8.3]', () => {
  const twice = [
    { jwk: key.jwk, didUrl: null },
    { jwk: key.jwk, didUrl: 'did:example:1#k' },
    { jwk: other.jwk, didUrl: null },
  ];
  expect(distinctKeys(twice)).toEqual([
    { jwk: key.jwk, didUrl: 'did:example:1#k' },
    { jwk: other.jwk, didUrl: null },
  ]);
});
