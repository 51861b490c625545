import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TypeMetadataFormatSchema } from '@sd-jwt/sd-jwt-vc';
import { DcqlQuery } from 'dcql';
import { describe, expect, test } from 'vitest';
import {
  credentialMetadata,
  dcqlCredential,
  jsonLdContext,
  sdJwtVcTypeMetadata,
} from '../../../src/identity/credentials/credential-metadata.ts';
import { checkClaims, credentialType, credentialTypes } from '../../../src/identity/credentials/credential-types.ts';
import { packageRoot } from '../../../src/platform/package-root.ts';

const publicUrl = 'http://localhost:8080';
const waterAccount = credentialType('water-account');
const account = { service_point: 'SP-1', usage_class: 'domestic', role: 'owner', from: '2026-01-01' };

test('every file in types/ is in the list, under its name', () => {
  const files = readdirSync(join(packageRoot, 'src/identity/credentials/types'));
  expect(files.map((file) => file.replace(/\.ts$/, '')).sort()).toEqual(credentialTypes.map(({ id }) => id).sort());
});

describe('claims', () => {
  test('are taken where they fit their type', () => {
    expect(checkClaims(waterAccount, account)).toEqual(account);
    expect(checkClaims(waterAccount, { ...account, until: '2026-12-31' })).toHaveProperty('until');
  });

  test.each([
    ['one is missing', { ...account, role: undefined }, 'role'],
    ['one is not of its kind', { ...account, from: '2026-02-30' }, 'from'],
    ['one is not of the type', { ...account, name: 'Kim' }, 'a claim the type does not have'],
    ['they are none at all', null, 'claims'],
  ])('are refused where %s, naming it and not its value', (_what, claims, where) => {
    expect(() => checkClaims(waterAccount, claims)).toThrowError(
      new RegExp(`^CLAIMS_INVALID: Claims of water-account: ${where} is missing or has the wrong form`),
    );
  });

  test('of an unknown type are refused', () => {
    expect(() => credentialType('passport')).toThrowError(/CREDENTIAL_TYPE_UNKNOWN/);
  });
});

describe.each(credentialTypes.map((type) => [type.id, type] as const))('what derives from %s', (_id, type) => {
  test('is type metadata that the library takes', () => {
    const metadata = sdJwtVcTypeMetadata(type, publicUrl);
    expect(TypeMetadataFormatSchema.parse(metadata)).toMatchObject({ vct: `${publicUrl}/vct/${type.id}` });
  });

  test('is a DCQL query that the library takes', () => {
    const query = DcqlQuery.parse({ credentials: [dcqlCredential(type, publicUrl)] });
    expect(() => DcqlQuery.validate(query)).not.toThrow();
  });

  test('has every claim in both languages', () => {
    for (const { display } of credentialMetadata(type).claims) {
      expect(display.map(({ locale, name }) => [locale, name !== ''])).toEqual([
        ['ko', true],
        ['en', true],
      ]);
    }
  });

  test('has every claim in the JSON-LD context', () => {
    expect(Object.keys(jsonLdContext(credentialTypes)['@context'])).toEqual(
      expect.arrayContaining([type.w3cName, ...Object.keys(type.claims)]),
    );
  });
});
