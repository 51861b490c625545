import { expect, test } from 'vitest';
import { chooseRepresentation, parseDid, webAddress } from '../../../src/identity/dids/did-resolution.ts';

test.each([
  ['did:example:123', { method: 'example', id: '123' }],
  ['did:web:localhost%3A8443:user', { method: 'web', id: 'localhost%3A8443:user' }],
])('reads %s as a DID', (did, parsed) => {
  expect(parseDid(did)).toEqual(parsed);
});

test.each([
  '',
  'did',
  'did:example',
  'did:example:',
  'did:EXAMPLE:1',
  'did:example:1#key',
  'did:example:1/path',
  'did:a:%G0',
])('does not read «%s» as a DID', (text) => {
  expect(parseDid(text)).toBeNull();
});

// Source: did:web method, "Read (Resolve)", examples.
test.each([
  ['w3c-ccg.github.io', 'https://w3c-ccg.github.io/.well-known/did.json'],
  ['w3c-ccg.github.io:user:alice', 'https://w3c-ccg.github.io/user/alice/did.json'],
  ['example.com%3A3000:user:alice', 'https://example.com:3000/user/alice/did.json'],
])('finds the document of did:web:%s', (place, address) => {
  expect(webAddress(place, 'did.json')).toBe(address);
});

test.each(['example.com:..:secret', 'example.com:a%2Fb', 'name%40example.com', 'example.com%3A99999', ''])(
  'finds no address for did:web:%s',
  (place) => {
    expect(webAddress(place, 'did.json')).toBeNull();
  },
);

const result = 'application/did-resolution';
test.each([
  [undefined, result, 'result'],
  ['*/*', result, 'result'],
  ['application/json', 'application/json', 'result'],
  [result, result, 'result'],
  [
    'application/ld+json; profile="https://w3id.org/did-resolution"',
    'application/ld+json;profile="https://w3id.org/did-resolution"',
    'result',
  ],
  ['application/did', 'application/did', 'document'],
  ['application/did+json', 'application/did+json', 'document'],
  ['text/html, application/did+ld+json;q=0.5', 'application/did+ld+json', 'document'],
  ['application/did;q=0.2, application/did-resolution;q=0.9', result, 'result'],
])('answers Accept: %s with %s', (accept, contentType, of) => {
  expect(chooseRepresentation(accept)).toEqual({ contentType, of });
});

test.each(['text/html', 'application/did+cbor', 'application/did;q=0', 'application/ld+json'])(
  'has nothing for Accept: %s',
  (accept) => {
    expect(chooseRepresentation(accept)).toBeNull();
  },
);
