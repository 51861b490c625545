// What DID Resolution says of names, errors and media types. Source: DID Resolution 1.0 (Candidate Recommendation), 4 and 12.1.

export const didErrorStatus = {
  INVALID_DID: 400,
  INVALID_DID_URL: 400,
  INVALID_OPTIONS: 400,
  INVALID_PUBLIC_KEY: 400,
  INVALID_PUBLIC_KEY_LENGTH: 400,
  INVALID_PUBLIC_KEY_TYPE: 400,
  UNSUPPORTED_PUBLIC_KEY_TYPE: 400,
  NOT_FOUND: 404,
  REPRESENTATION_NOT_SUPPORTED: 406,
  INVALID_DID_DOCUMENT: 500,
  INTERNAL_ERROR: 500,
  METHOD_NOT_SUPPORTED: 501,
  FEATURE_NOT_SUPPORTED: 501,
} as const;
export type DidErrorName = keyof typeof didErrorStatus;

const titles: Record<DidErrorName, string> = {
  INVALID_DID: 'That is not a DID',
  INVALID_DID_URL: 'That is not a DID URL that is dereferenced here',
  INVALID_PUBLIC_KEY: 'The DID holds no key of its kind',
  INVALID_PUBLIC_KEY_LENGTH: 'The key in the DID has a wrong length',
  INVALID_PUBLIC_KEY_TYPE: 'The key is not given in that format',
  UNSUPPORTED_PUBLIC_KEY_TYPE: 'That kind or format of keys is not known here',
  INVALID_OPTIONS: 'The resolution options cannot be used together or have no such form',
  NOT_FOUND: 'There is no such DID, or no such version of it',
  REPRESENTATION_NOT_SUPPORTED: 'The DID document is not given in that media type',
  INVALID_DID_DOCUMENT: 'What stands at that DID is not its DID document',
  INTERNAL_ERROR: 'The DID could not be resolved now',
  METHOD_NOT_SUPPORTED: 'DIDs of that method are not resolved here',
  FEATURE_NOT_SUPPORTED: 'This resolver does not do that for this DID',
};

export interface DidResolutionError {
  type: string;
  title: string;
  detail: string;
}

export type DidResolution =
  | { error: DidErrorName; detail: string }
  | { error: null; document: object | null; metadata: Record<string, unknown> };

/** As much of a resolver as those need who only read a document. */
export interface DidResolver {
  resolve(did: string): Promise<DidResolution>;
}

export function refusal(error: DidErrorName, detail: string): DidResolution {
  return { error, detail };
}

/** How the keys of a did:key are to be given. Source: did:key method v0.9, "Resolution Options". */
export interface DidOptions {
  publicKeyFormat?: string | undefined;
  enableEncryptionKeyDerivation?: boolean | undefined;
}

/** An RFC 9457 object, as `didResolutionMetadata.error`. */
export function didError(name: DidErrorName, detail: string): DidResolutionError {
  return { type: `https://www.w3.org/ns/did#${name}`, title: titles[name], detail };
}

/** As the drafts of DID Resolution named it, and the did:key method still does: `invalidDid`. */
export function draftErrorName(name: DidErrorName): string {
  return name.toLowerCase().replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

/** A DID URL with a fragment and nothing between; null for every other one. Source: DID Core 1.0, 3.2. */
export function splitDidUrl(url: string): { did: string; fragment: string } | null {
  const [, did, fragment] = /^(did:[^/?#]+)#([\w.~!$&'()*+,;=:@/?%-]+)$/.exec(url) ?? [];
  return did === undefined || fragment === undefined || parseDid(did) === null ? null : { did, fragment };
}

const DID = /^did:([a-z0-9]+):((?:(?:[\w.-]|%[0-9A-Fa-f]{2})*:)*(?:[\w.-]|%[0-9A-Fa-f]{2})+)$/;
const DID_chars = 2_048;

/** @returns null for what is not a DID. Source: DID Core 1.0, 3.1. */
export function parseDid(did: string): { method: string; id: string } | null {
  const [, method, id] = (did.length <= DID_chars && DID.exec(did)) || [];
  return method === undefined || id === undefined ? null : { method, id };
}

/**
 * Where a domain's DID has its file.
 *
 * @param place `example.org%3A8443:path:segments`
 * @returns null where the place has no such form
 */
export function webAddress(place: string, file: string): string | null {
  const [domain = '', ...path] = place.split(':');
  const host = /^[a-z0-9.-]+(?:%3A\d{1,5})?$/i.test(domain) ? domain.replace(/%3A/i, ':') : null;
  if (host === null || !path.every((segment) => /^[\w-][\w.-]*$/.test(segment))) return null;
  const address = `https://${host}/${(path.length > 0 ? path : ['.well-known']).join('/')}/${file}`;
  return URL.canParse(address) ? address : null;
}

/** What an answer holds: the whole result, or the document alone. */
export interface Representation {
  contentType: string;
  of: 'result' | 'document';
}

const RESULT = 'application/did-resolution';
export const RESULT_LD = 'application/ld+json;profile="https://w3id.org/did-resolution"';
const representations: [pattern: RegExp, Representation][] = [
  [/^application\/did-resolution$/, { contentType: RESULT, of: 'result' }],
  [/^application\/ld\+json;profile="?https:\/\/w3id\.org\/did-resolution"?$/, { contentType: RESULT_LD, of: 'result' }],
  [/^application\/(did|did\+json|did\+ld\+json)$/, { contentType: '', of: 'document' }],
  [/^application\/json$/, { contentType: 'application/json', of: 'result' }],
  [/^(\*|application)\/\*$/, { contentType: RESULT, of: 'result' }],
];

/** @returns null where nothing that is asked for can be given. Equal preference: the first named wins. */
export function chooseRepresentation(accept: string | undefined): Representation | null {
  const wanted = (accept?.trim() || '*/*')
    .split(',')
    .map((range) => {
      const type = range.replaceAll(/\s/g, '').replace(/;q=[\d.]+/i, '');
      return { type: type.toLowerCase(), quality: Number(/;\s*q=([\d.]+)/i.exec(range)?.[1] ?? 1) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  for (const { type } of wanted) {
    const [, found] = representations.find(([pattern]) => pattern.test(type)) ?? [];
    if (found) return found.contentType === '' ? { ...found, contentType: type } : found;
  }
  return null;
}
