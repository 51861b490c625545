// Reading who asks for what: OpenID4VP 1.0 requests are checked and matched to what the wallet holds, before any answer.
import { type Openid4vpAuthorizationRequest, Openid4vpClient } from '@openid4vc/openid4vp';
import { DcqlQuery } from 'dcql';
import { openidCallbacks } from '../../../src/identity/openid-callbacks.ts';
import { purposeFormat } from '../../../src/identity/presenting/request-object.ts';
import { statedText } from './bilingual.ts';
import type { CityService } from './city-service.ts';
import { displayedClaims, readCredential } from './held-credential.ts';
import type { PresentationMatch, PresentationRequest, WalletOptions } from './wallet.ts';
import { refusalIn, WalletRefusal } from './wallet-refusal.ts';
import type { StoredCredential, Text } from './wallet-store.ts';

/** What `PresentationRequest.resolved` holds. */
export interface ResolvedRequest {
  payload: Openid4vpAuthorizationRequest & { response_uri: string };
}

/** Throws REQUEST_UNREADABLE, _UNSIGNED, _SIGNATURE_WRONG, _FROM_ELSEWHERE, _GONE, NOTHING_TO_SHOW, SERVICE_AWAY. */
export async function parsePresentationRequest(
  uri: string,
  service: CityService,
  { store }: WalletOptions,
): Promise<PresentationRequest> {
  const payload = await signedPayload(uri, service);
  const query = readQuery(payload.dcql_query);
  const requested = await matchCredentials(query, await store.list('credentials'));
  const stated = statedPurpose(payload);
  const verifier = payload.client_id.slice(payload.client_id.indexOf(':') + 1);
  const resolved: ResolvedRequest = { payload };
  return {
    verifier,
    client_id: payload.client_id,
    verifier_name: stated.name ?? { ko: verifier, en: verifier },
    purpose: stated.purpose ?? { ko: '목적을 밝히지 않았습니다.', en: 'No purpose was stated.' },
    keeps: stated.keeps ?? { ko: '보관 기간을 밝히지 않았습니다.', en: 'How long it is kept was not stated.' },
    requested,
    expires_at_ms: typeof payload.exp === 'number' ? payload.exp * 1_000 : null,
    resolved,
  };
}

/** The request object, fetched from the service and signed by the DID its client id names. */
async function signedPayload(uri: string, service: CityService): Promise<ResolvedRequest['payload']> {
  const start = uri.indexOf('?');
  const parameters = Object.fromEntries(new URLSearchParams(start < 0 ? '' : uri.slice(start + 1)));
  if (parameters.client_id === undefined) throw new WalletRefusal('REQUEST_UNREADABLE', 'no client_id');
  if (parameters.request_uri === undefined && parameters.request === undefined) {
    throw new WalletRefusal('REQUEST_UNSIGNED');
  }
  if (parameters.request_uri !== undefined) {
    if (!service.owns(parameters.request_uri)) throw new WalletRefusal('REQUEST_FROM_ELSEWHERE');
    if (parameters.request_uri_method !== undefined)
      throw new WalletRefusal('REQUEST_UNREADABLE', 'request_uri_method');
  }
  const { client_id, request_uri, request } = parameters;
  let gone = false;
  let signatureRight = false;
  const callbacks = openidCallbacks({
    fetch: async (input, init) => {
      const answer = await service.fetch(input, init);
      gone ||= answer.status === 404;
      return answer;
    },
    findKey: (didUrl) => service.findKey(didUrl),
  });
  const client = new Openid4vpClient({
    callbacks: {
      ...callbacks,
      verifyJwt: async (...request) => {
        const result = await callbacks.verifyJwt(...request);
        signatureRight = result.verified;
        return result;
      },
    },
  });
  try {
    const {
      authorizationRequestPayload,
      jar,
      client: verifier,
    } = await client.resolveOpenId4vpAuthorizationRequest({
      authorizationRequestPayload: {
        client_id,
        ...(request_uri === undefined ? { request } : { request_uri }),
      },
    });
    if (jar === undefined || verifier.prefix !== 'decentralized_identifier')
      throw new WalletRefusal('REQUEST_UNSIGNED');
    return answerable(authorizationRequestPayload as Openid4vpAuthorizationRequest, service);
  } catch (error) {
    if (gone) throw new WalletRefusal('REQUEST_GONE', undefined, error);
    throw refusalIn(error, signatureRight ? 'REQUEST_UNREADABLE' : 'REQUEST_SIGNATURE_WRONG');
  }
}

function answerable(payload: Openid4vpAuthorizationRequest, service: CityService): ResolvedRequest['payload'] {
  const { response_uri, response_mode } = payload;
  if (response_uri === undefined || response_mode !== 'direct_post') {
    throw new WalletRefusal('REQUEST_UNREADABLE', 'only direct_post is answered');
  }
  if (!service.owns(response_uri)) throw new WalletRefusal('REQUEST_FROM_ELSEWHERE');
  return { ...payload, response_uri };
}

function readQuery(query: unknown): DcqlQuery.Output {
  try {
    const parsed = DcqlQuery.parse(query as DcqlQuery.Input);
    DcqlQuery.validate(parsed);
    if (parsed.credential_sets !== undefined) throw new Error('credential_sets');
    return parsed;
  } catch (error) {
    throw new WalletRefusal('REQUEST_UNREADABLE', 'dcql_query', error);
  }
}

async function matchCredentials(
  query: DcqlQuery.Output,
  held: StoredCredential[],
): Promise<PresentationRequest['requested']> {
  const contents = await Promise.all(held.map((credential) => readCredential(credential.compact)));
  const result = DcqlQuery.query(
    query,
    contents.map(({ vct, claims }) => ({
      credential_format: 'dc+sd-jwt' as const,
      vct,
      // The library takes JSON values only, which the claims of a JWT are.
      claims: claims as Record<string, string>,
      cryptographic_holder_binding: true,
    })),
  );
  return query.credentials.map((asked) => {
    const vct = asked.format === 'dc+sd-jwt' ? (asked.meta?.vct_values?.[0] ?? '') : '';
    const type = vct.split('/').at(-1) ?? vct;
    const found = result.credential_matches[asked.id];
    if (found?.success !== true) throw new WalletRefusal('NOTHING_TO_SHOW', type);
    const matches = found.valid_credentials.flatMap(({ input_credential_index: index, claims }) => {
      const credential = held[index];
      const content = contents[index];
      if (credential === undefined || content === undefined) return [];
      const shown = (claims.valid_claim_sets[0]?.output ?? {}) as Record<string, unknown>;
      return [matchOf(credential, content.claims, Object.keys(shown))];
    });
    return { query_id: asked.id, type, matches };
  });
}

function matchOf(credential: StoredCredential, claims: Record<string, unknown>, shown: string[]): PresentationMatch {
  const all = displayedClaims(credential, claims);
  return {
    credential_id: credential.id,
    type_name: credential.type_name,
    issuer_name: credential.issuer_name,
    claims: all.filter(({ name }) => shown.includes(name)),
    kept_back: all.filter(({ name }) => !shown.includes(name)).map(({ label }) => label),
  };
}

function statedPurpose(payload: Openid4vpAuthorizationRequest): {
  name: Text | null;
  purpose: Text | null;
  keeps: Text | null;
} {
  const entry = payload.verifier_info?.find(({ format }) => format === purposeFormat);
  const data = typeof entry?.data === 'object' ? entry.data : {};
  return { name: statedText(data.name), purpose: statedText(data.purpose), keeps: statedText(data.keeps) };
}
