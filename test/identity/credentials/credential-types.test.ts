import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TypeMetadataFormatSchema } from '@sd-jwt/sd-jwt-vc';
import { DcqlQuery } from 'dcql';
import { describe, expect, test } from 'vitest';
import { credentialForm } from '../../../src/identity/credentials/claim-form.ts';
import {
  credentialMetadata,
  dcqlCredential,
  jsonLdContext,
  sdJwtVcTypeMetadata,
} from '../../../src/identity/credentials/credential-metadata.ts';
import { credentialType, credentialTypes } from '../../../src/identity/credentials/credential-types.ts';
import { packageRoot } from '../../../src/platform/package-root.ts';

const publicUrl = 'http://localhost:8080';

test('every file in types/ is in the list, under its name', () => {
  const files = readdirSync(join(packageRoot, 'src/identity/credentials/types'));
  expect(files.map((file) => file.replace(/\.ts$/, '')).sort()).toEqual(credentialTypes.map(({ id }) => id).sort());
});

test('an unknown type is refused', () => {
  expect(() => credentialType('passport')).toThrowError(/CREDENTIAL_TYPE_UNKNOWN/);
});

test('a claim of one name means the same in every type that has it', () => {
  const terms = new Map<string, unknown>();
  for (const [name, { term }] of credentialTypes.flatMap(({ claims }) => Object.entries(claims))) {
    expect(terms.get(name) ?? term).toEqual(term);
    terms.set(name, term);
  }
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

  test('is a form with a field for each claim that is given, and a word for each choice', () => {
    const form = credentialForm(type);
    const given = Object.entries(type.claims).filter(([, { derive }]) => derive === undefined);
    expect(form.fields.map(({ name }) => name)).toEqual(given.map(([name]) => name));
    expect(form.fields.length + form.derived.length).toBe(Object.keys(type.claims).length);
    for (const { kind, options, rule } of form.fields) {
      expect(rule.ko).toMatch(/[가-힣]/);
      expect(options.length > 0).toBe(kind === 'choice');
      for (const { value, label } of options) expect(label.ko).not.toBe(value);
    }
  });

  test('names claims that it has, and staff who may offer it', () => {
    const names = Object.keys(type.claims);
    for (const name of [type.endsWith, type.referenceClaim]) if (name !== undefined) expect(names).toContain(name);
    // A bill is offered by the service alone.
    expect(type.offeredBy.length > 0).toBe(type.id !== 'water-bill');
  });
});
