// A wallet's answer made by hand: what the verifier would get from a wallet that does one thing wrong.
import { CompactEncrypt, decodeJwt, importJWK, type JWK } from 'jose';

/** The request object behind a wallet's link. */
export async function requestObject(link: string): Promise<string> {
  return (await fetch(new URL(link).searchParams.get('request_uri') ?? '')).text();
}

export interface Asked {
  client_id: string;
  nonce: string;
  state: string;
  response_uri: string;
  transaction_data?: string[];
  client_metadata: { jwks?: { keys: (JWK & { kid: string })[] }; encrypted_response_enc_values_supported?: string[] };
}

export async function askedIn(link: string): Promise<Asked> {
  return decodeJwt(await requestObject(link)) as unknown as Asked;
}

/** As the request wants it: encrypted to its key, or in the clear. */
export async function formOf(
  asked: Pick<Asked, 'client_metadata'>,
  answer: Record<string, unknown>,
  how: { enc?: string; alg?: string; key?: JWK & { kid?: string } } = {},
): Promise<Record<string, string>> {
  const given = asked.client_metadata.jwks?.keys[0];
  if (given === undefined && how.key === undefined) {
    const texts = Object.entries(answer).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    return Object.fromEntries(texts);
  }
  const key = how.key ?? given ?? {};
  const { enc = 'A128GCM', alg = 'ECDH-ES' } = how;
  const response = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(answer)))
    .setProtectedHeader({ alg, enc, ...(key.kid === undefined ? {} : { kid: key.kid }) })
    .encrypt(await importJWK({ ...key, alg }, alg));
  return { response };
}

export async function post(responseUri: string, form: Record<string, string>) {
  const answer = await fetch(responseUri, { method: 'POST', body: new URLSearchParams(form) });
  return { status: answer.status, ...(await answer.json()) } as {
    status: number;
    error?: string;
    error_description?: string;
    redirect_uri?: string;
  };
}
