// How the issuer's metadata is given to one wallet: in the languages it wants, signed where it asks for that.
// Source: OpenID4VCI 1.0, 12.2.2 and 12.2.3; RFC 9110, 12.5.

export const METADATA_TYPE = 'openidvci-issuer-metadata+jwt';

const languages = ['ko', 'en'] as const;
export type Language = (typeof languages)[number];

/** The ranges of an `Accept` or `Accept-Language` header, most wanted first; equal wishes keep their order. */
function wishes(header: string): { range: string; quality: number }[] {
  return header
    .split(',')
    .map((part) => {
      const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { range, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ range, quality }) => range !== '' && quality > 0)
    .sort((left, right) => right.quality - left.quality);
}

/** Those of our languages that are asked for, most wanted first; all of them where none is, or none of ours. */
export function wantedLanguages(acceptLanguage: string | undefined): Language[] {
  const wanted = new Set<Language>();
  for (const { range } of wishes(acceptLanguage ?? '*')) {
    for (const language of languages) if (range === '*' || range.split('-')[0] === language) wanted.add(language);
  }
  return wanted.size === 0 ? [...languages] : [...wanted];
}

/** Whether a JWT is wanted more than JSON. What names neither gets JSON, which every wallet reads. */
export function wantsSigned(accept: string | undefined): boolean {
  const range = wishes(accept ?? '').find((wish) =>
    /^application\/(jwt|json)$|^(application|\*)\/\*$/.test(wish.range),
  );
  return range?.range === 'application/jwt';
}

/** The same document with the `display` entries of `wanted` alone, in that order. */
export function inLanguages<T>(document: T, wanted: readonly Language[]): T {
  if (Array.isArray(document)) return document.map((each: unknown) => inLanguages(each, wanted)) as T;
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => [
      name,
      name === 'display' && Array.isArray(value) ? chosen(value, wanted) : inLanguages<unknown>(value, wanted),
    ]),
  ) as T;
}

function chosen(display: { locale?: string }[], wanted: readonly Language[]): object[] {
  return wanted.flatMap((language) => display.filter(({ locale }) => locale === language));
}
