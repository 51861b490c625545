import { decodeList } from '@digitalbazaar/vc-bitstring-status-list';
import { StatusList } from '@sd-jwt/jwt-status-list';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitstringStatusListCredential } from '../../../src/identity/credentials/bitstring-status-list.ts';
import {
  emptyStatuses,
  indicesOf,
  purposeBits,
  type StatusPurpose,
  setStatus,
  stateOf,
  statusAt,
  statusListLimits,
  statusListToken,
} from '../../../src/identity/credentials/status-list.ts';

const token = {
  uri: 'http://localhost:8080/status-lists/1',
  issuer: 'did:x',
  keyId: 'did:x#1',
  certificates: null,
  issuedAt_s: 1_686_920_170,
  aggregationUri: 'http://localhost:8080/status-lists',
};

function listOf(statuses: Uint8Array): { bits: number; lst: string } {
  return statusListToken(statuses, token).payload.status_list as { bits: number; lst: string };
}

async function purposeList(statuses: Uint8Array, purpose: StatusPurpose) {
  const credential = await bitstringStatusListCredential(statuses, {
    ...{ id: 'http://x/1', issuer: 'did:x', purpose, issuedAt_s: 0 },
  });
  const { encodedList, statusPurpose } = credential.credentialSubject as Record<string, string>;
  expect(statusPurpose).toBe(purpose);
  return decodeList({ encodedList: encodedList ?? '' });
}

describe('a status list', () => {
  // The draft's 2-bit example: bytes 0xC9 0x44 0xF9 for these twelve.
  const published = Uint8Array.of(0xc9, 0x44, 0xf9);
  const values = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3];

  test('has the values of the published example in their order [Token Status List 4.1]', () => {
    expect(values.map((_, index) => statusAt(published, index))).toEqual(values);
  });

  test('is encoded as the published example [Token Status List 4.2]', () => {
    expect(listOf(published)).toMatchObject({ bits: 2, lst: 'eNo76fITAAPfAgc' });
  });

  test('has the header and members a status list token must have [Token Status List 5.1]', () => {
    const { header, payload } = statusListToken(published, token);
    expect(header).toMatchObject({ typ: 'statuslist+jwt', alg: 'ES256', kid: 'did:x#1' });
    expect(payload).toMatchObject({
      ...{ sub: token.uri, iat: token.issuedAt_s, ttl: statusListLimits.ttl_s },
      status_list: { aggregation_uri: token.aggregationUri },
    });
  });

  test('says nothing about an index outside it, nor of a value that means nothing', () => {
    for (const index of [-1, 12, 0.5, Number.NaN, 1e12]) expect(statusAt(published, index)).toBeUndefined();
    expect([0, 1, 2, 3, undefined].map(stateOf)).toEqual(['valid', 'revoked', 'suspended', null, null]);
  });

  test('says the same in its three published forms, whatever was set', async () => {
    const change = fc.tuple(fc.nat(63), fc.constantFrom('valid', 'revoked', 'suspended'));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 200 }), async (changes) => {
        const statuses = emptyStatuses(64);
        const expected = new Map<number, string>();
        for (const [index, state] of changes) {
          setStatus(statuses, index, state);
          expected.set(index, state);
        }
        const decoded = StatusList.decompressStatusList(listOf(statuses).lst, 2);
        const [revoked, suspended] = [
          await purposeList(statuses, 'revocation'),
          await purposeList(statuses, 'suspension'),
        ];
        for (let index = 0; index < 64; index += 1) {
          const state = expected.get(index) ?? 'valid';
          expect(stateOf(decoded.getStatus(index))).toBe(state);
          expect([revoked.getStatus(index), suspended.getStatus(index)]).toEqual([
            state === 'revoked',
            state === 'suspended',
          ]);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('puts its first entry into the highest bit for W3C [Bitstring Status List 3.3]', () => {
    const statuses = emptyStatuses(16);
    setStatus(statuses, 0, 'revoked');
    setStatus(statuses, 15, 'suspended');
    expect(purposeBits(statuses, 'revocation')).toEqual(Uint8Array.of(0b1000_0000, 0));
    expect(purposeBits(statuses, 'suspension')).toEqual(Uint8Array.of(0, 0b0000_0001));
  });

  test('starts with at least 2^17 entries, all valid', () => {
    const statuses = emptyStatuses();
    expect(statuses.length * 4).toBe(131_072);
    expect(purposeBits(statuses, 'revocation')).toHaveLength(16_384);
    expect(statuses.every((byte) => byte === 0)).toBe(true);
  });

  test('takes its indices from all over the list', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 64 }), (random) => {
        for (const index of indicesOf(random)) expect(statusAt(emptyStatuses(), index)).toBe(0);
      }),
    );
    expect(indicesOf(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toEqual([131_071]);
  });
});
