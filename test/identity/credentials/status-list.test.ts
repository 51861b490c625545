import { decodeList } from '@digitalbazaar/vc-bitstring-status-list';
import { StatusList } from '@sd-jwt/jwt-status-list';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitstringStatusListCredential } from '../../../src/identity/credentials/bitstring-status-list.ts';
import {
  emptyStatusBits,
  indicesOf,
  mostSignificantFirst,
  statusBit,
  statusListLimits,
  statusListToken,
} from '../../../src/identity/credentials/status-list.ts';

const token = {
  uri: 'http://localhost:8080/status-lists/1',
  issuer: 'did:x',
  keyId: 'did:x#1',
  issuedAt_s: 1_686_920_170,
};

function listOf(bits: Uint8Array): { bits: number; lst: string } {
  return statusListToken(bits, token).payload.status_list as { bits: number; lst: string };
}

describe('a status list', () => {
  // The draft's 1-bit example: bytes 0xB9 0xA3 for [1,0,0,1,1,1,0,1, 1,1,0,0,0,1,0,1].
  const published = Uint8Array.of(0xb9, 0xa3);
  const statuses = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];

  test('has the bits of the published example in their order [Token Status List 4.1]', () => {
    expect(statuses.map((_, index) => statusBit(published, index))).toEqual(statuses);
  });

  test('is encoded as the published example [Token Status List 4.2]', () => {
    expect(listOf(published)).toEqual({ bits: 1, lst: 'eNrbuRgAAhcBXQ' });
  });

  test('has the header and members a status list token must have [Token Status List 5.1]', () => {
    const { header, payload } = statusListToken(published, token);
    expect(header).toMatchObject({ typ: 'statuslist+jwt', alg: 'ES256', kid: 'did:x#1' });
    expect(payload).toMatchObject({ sub: token.uri, iat: token.issuedAt_s, ttl: statusListLimits.ttl_s });
  });

  test('says nothing about an index outside it', () => {
    for (const index of [-1, 16, 0.5, Number.NaN, 1e12]) expect(statusBit(published, index)).toBeUndefined();
  });

  test('reads the same in both published forms, for any bits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 2, maxLength: 64 }), async (bits) => {
        const decoded = StatusList.decompressStatusList(listOf(bits).lst, 1);
        const credential = await bitstringStatusListCredential(bits, { id: 'http://x/1', issuer: 'did:x', now_ms: 0 });
        const { encodedList } = credential.credentialSubject as { encodedList: string };
        const bitstring = await decodeList({ encodedList });
        for (let index = 0; index < bits.length * 8; index += 1) {
          expect(decoded.getStatus(index)).toBe(statusBit(bits, index));
          expect(bitstring.getStatus(index)).toBe(statusBit(bits, index) === 1);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('puts its first entry into the highest bit for W3C [Bitstring Status List 3.3]', () => {
    expect(mostSignificantFirst(Uint8Array.of(0b0000_0001, 0b1100_0000))).toEqual(
      Uint8Array.of(0b1000_0000, 0b0000_0011),
    );
  });

  test('starts with at least 2^17 entries, all valid', () => {
    const bits = emptyStatusBits();
    expect(bits.length * 8).toBe(131_072);
    expect(bits.every((byte) => byte === 0)).toBe(true);
  });

  test('takes its indices from all over the list', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 64 }), (random) => {
        for (const index of indicesOf(random)) expect(statusBit(emptyStatusBits(), index)).toBe(0);
      }),
    );
    expect(indicesOf(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toEqual([131_071]);
  });
});
