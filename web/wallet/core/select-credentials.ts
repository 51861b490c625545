// Which of the credentials at hand answer a question, and with which claims. Source: OpenID4VP 1.0, 6.4.
import { DcqlQuery } from 'dcql';

interface Content {
  vct: string;
  /** Key identifiers of the authorities that its issuer's certificates name, base64url. */
  authorities?: readonly string[];
  claims: Record<string, unknown>;
}

interface Selected {
  asked: DcqlQuery.Output['credentials'][number];
  /** Place among the credentials at hand, and the claims to show; empty where nothing fits. */
  fitting: { index: number; claims: Record<string, unknown> }[];
}

/**
 * One entry for each credential to show: all that are asked for, or of each required set the first option that can be shown,
 * else its first. What is not required is not shown.
 */
export function selectCredentials(query: DcqlQuery.Output, contents: readonly Content[]): Selected[] {
  const result = DcqlQuery.query(
    query,
    contents.map(({ vct, claims, authorities: [first, ...others] = [] }) => ({
      credential_format: 'dc+sd-jwt' as const,
      vct,
      // The library takes JSON values only, which the claims of a JWT are.
      claims: claims as Record<string, string>,
      cryptographic_holder_binding: true,
      ...(first === undefined ? {} : { authority: { type: 'aki' as const, values: [first, ...others] } }),
    })),
  );
  const needed = neededIds(query, (id) => result.credential_matches[id]?.success === true);
  return query.credentials
    .filter(({ id }) => needed.includes(id))
    .map((asked) => {
      const found = result.credential_matches[asked.id];
      const fitting = found?.success === true ? found.valid_credentials : [];
      return {
        asked,
        fitting: fitting.map(({ input_credential_index: index, claims }) => ({
          index,
          claims: (claims.valid_claim_sets[0]?.output ?? {}) as Record<string, unknown>,
        })),
      };
    });
}

function neededIds(query: DcqlQuery.Output, holds: (id: string) => boolean): string[] {
  if (query.credential_sets === undefined) return query.credentials.map(({ id }) => id);
  return query.credential_sets
    .filter(({ required }) => required)
    .flatMap(({ options }) => options.find((option) => option.every(holds)) ?? options[0]);
}
