// Reading who asks for what: a request is checked and matched to what the wallet holds, before any answer.
import { DcqlQuery } from 'dcql';
import { purposeFormat } from '../../../src/identity/presenting/request-object.ts';
import { readTransaction } from '../../../src/identity/presenting/transaction-data.ts';
import { statedText } from './bilingual.ts';
import type { CityService } from './city-service.ts';
import { fetchSignedRequest, type SignedRequest } from './fetch-request.ts';
import { displayedClaims, readCredential } from './held-credential.ts';
import { type AskedCredential, verifierRegister } from './registered-verifier.ts';
import { selectCredentials } from './select-credentials.ts';
import type { PresentationMatch, PresentationRequest, SignedTextToShow, WalletOptions } from './wallet.ts';
import { WalletRefusal } from './wallet-refusal.ts';
import type { StoredCredential } from './wallet-store.ts';

/** What `PresentationRequest.resolved` holds. */
export interface ResolvedRequest {
  payload: SignedRequest;
}

/**
 * Throws REQUEST_UNREADABLE, _UNSIGNED, _SIGNATURE_WRONG, _FROM_ELSEWHERE, _GONE, _ASKS_TOO_MUCH, VERIFIER_NOT_REGISTERED,
 * NOTHING_TO_SHOW, SERVICE_AWAY.
 */
export async function parsePresentationRequest(
  uri: string,
  service: CityService,
  { store, now_ms }: WalletOptions,
): Promise<PresentationRequest> {
  const register = verifierRegister(service, now_ms());
  const payload = await fetchSignedRequest(uri, service, register);
  const query = readQuery(payload.dcql_query);
  const stated = statedOf(payload);
  const { client_id: clientId } = payload;
  const known = await register.requireRegistered({ verifier: stated.verifier, clientId }, askedIn(query));
  const requested = await matchCredentials(query, await store.list('credentials'));
  const resolved: ResolvedRequest = { payload };
  return {
    verifier: clientId.slice(clientId.indexOf(':') + 1),
    client_id: clientId,
    verifier_name: known.name,
    purpose: statedText(stated.purpose) ?? { ko: '목적을 밝히지 않았습니다.', en: 'No purpose was stated.' },
    keeps: known.keeps,
    requested,
    signs: textsToSign(
      payload,
      requested.map(({ query_id }) => query_id),
    ),
    expires_at_ms: typeof payload.exp === 'number' ? payload.exp * 1_000 : null,
    resolved,
  };
}

function readQuery(query: unknown): DcqlQuery.Output {
  try {
    const parsed = DcqlQuery.parse(query as DcqlQuery.Input);
    DcqlQuery.validate(parsed);
    return parsed;
  } catch (error) {
    throw new WalletRefusal('REQUEST_UNREADABLE', 'dcql_query', error);
  }
}

/** Every credential that the query could be answered with. A query without claims asks for all: nobody may here. */
function askedIn(query: DcqlQuery.Output): AskedCredential[] {
  return query.credentials.flatMap((asked) => {
    if (asked.format !== 'dc+sd-jwt' || asked.claims === undefined) {
      throw new WalletRefusal('REQUEST_UNREADABLE', 'only named claims of dc+sd-jwt credentials are shown');
    }
    const claims = asked.claims.map((claim) => String('path' in claim ? claim.path[0] : ''));
    return (asked.meta?.vct_values ?? ['']).map((vct) => ({ vct, claims }));
  });
}

async function matchCredentials(
  query: DcqlQuery.Output,
  held: StoredCredential[],
): Promise<PresentationRequest['requested']> {
  const contents = await Promise.all(held.map((credential) => readCredential(credential.compact)));
  const certified = await withAuthorities(query, contents);
  return selectCredentials(query, certified).map(({ asked, fitting }) => {
    const type = typeNameOf(asked);
    if (fitting.length === 0) throw new WalletRefusal('NOTHING_TO_SHOW', type);
    const matches = fitting.flatMap(({ index, claims }) => {
      const credential = held[index];
      const content = contents[index];
      return credential === undefined || content === undefined
        ? []
        : [matchOf(credential, content.claims, Object.keys(claims))];
    });
    return { query_id: asked.id, type, matches };
  });
}

/**
 * Certificates are read where somebody asks for them; what reads them is fetched only then. Federations and trusted lists are
 * not followed: what asks for nothing else is refused. Source: OpenID4VP 1.0, 6.1.1.
 */
async function withAuthorities(query: DcqlQuery.Output, contents: Awaited<ReturnType<typeof readCredential>>[]) {
  const asked = query.credentials.flatMap(({ trusted_authorities: each }) => (each === undefined ? [] : [each]));
  if (asked.length === 0) return contents;
  if (asked.some((each) => each.every(({ type }) => type !== 'aki'))) {
    throw new WalletRefusal('REQUEST_UNREADABLE', 'trusted_authorities of a type that is not known here');
  }
  const { authorityKeyIds } = await import('../../../src/identity/trust/authority-key-ids.ts');
  return contents.map((content) => ({ ...content, authorities: authorityKeyIds(content.header.x5c) }));
}

function typeNameOf(asked: DcqlQuery.Output['credentials'][number]): string {
  const vct = asked.format === 'dc+sd-jwt' ? (asked.meta?.vct_values?.[0] ?? '') : '';
  return vct.split('/').at(-1) ?? vct;
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

/** Source: OpenID4VP 1.0, 5.1: a wallet refuses transaction data of a type it does not know. */
function textsToSign(payload: SignedRequest, shown: readonly string[]): SignedTextToShow[] {
  return (payload.transaction_data ?? []).map((entry) => {
    const read = readTransaction(entry);
    const queryId = read?.credential_ids.find((id) => shown.includes(id));
    const hashes = read?.transaction_data_hashes_alg ?? ['sha-256'];
    if (read === null || queryId === undefined || !hashes.includes('sha-256')) {
      throw new WalletRefusal('REQUEST_UNREADABLE', 'transaction_data');
    }
    return { query_id: queryId, title: read.title, text: read.text, entry };
  });
}

function statedOf(payload: SignedRequest): Record<string, unknown> {
  const entry = payload.verifier_info?.find(({ format }) => format === purposeFormat);
  return typeof entry?.data === 'object' ? entry.data : {};
}
