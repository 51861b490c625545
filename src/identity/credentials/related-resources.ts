// Resources a credential leans on, and the digests by which it fixes them: those bundled here are compared, nothing is
// ever fetched. Source: Verifiable Credentials Data Model 2.0, 5.3.
import { z } from 'zod';
import { publishedDigests } from './published-digests.ts';
import { oneOrMany, url } from './vc-terms.ts';

// Source: Subresource Integrity, 3.1; a list of digests may follow one another.
const digestSRI = z
  .string()
  .max(1_024)
  .regex(
    /^sha(256|384|512)-[A-Za-z0-9+/]+={0,2}( sha(256|384|512)-[A-Za-z0-9+/]+={0,2})*$/,
    'must be a digest such as sha384-…',
  );
// Source: Controlled Identifiers 1.0, 2.4: base58btc or base64url without padding.
const digestMultibase = z
  .string()
  .max(256)
  .regex(/^(z[1-9A-HJ-NP-Za-km-z]+|u[A-Za-z0-9_-]+)$/, 'must be multibase text, z… or u…');

const resource = z
  .looseObject({
    id: url,
    mediaType: z
      .string()
      .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(;.*)?$/, 'must be a media type')
      .optional(),
    digestSRI: digestSRI.optional(),
    digestMultibase: digestMultibase.optional(),
  })
  .refine((value) => value.digestSRI !== undefined || value.digestMultibase !== undefined, {
    message: 'must have a digestSRI or a digestMultibase',
  });

export const relatedResource = oneOrMany(resource)
  .refine((value) => {
    const ids = [value].flat().map(({ id }) => id);
    return new Set(ids).size === ids.length;
  }, 'must name each resource once')
  .refine((value) => [value].flat().every(fits), 'has a digest that is not that of the resource bundled here');

/** Whether the digests are those of the resource, as far as its content is known here. */
function fits({ id, digestSRI: sri, digestMultibase: multibase }: z.infer<typeof resource>): boolean {
  const editions = publishedDigests.get(id);
  if (editions === undefined) return true;
  return editions.some(
    ({ sha256, sha384 }) =>
      (sri === undefined ||
        sri.split(' ').some((digest) => digest === `sha256-${sha256}` || digest === `sha384-${sha384}`)) &&
      (multibase === undefined || multibaseForms(sha256).includes(multibase)),
  );
}

/** A SHA-256 digest as multibase: alone or after its multihash header. */
function multibaseForms(sha256: string): string[] {
  const bytes = Buffer.from(sha256, 'base64');
  return [bytes, Buffer.concat([Buffer.of(0x12, 0x20), bytes])].map((form) => `u${form.toString('base64url')}`);
}
