// Under which name and with which key a request is sent, and all that goes into it: the same each time it is served.
import type { CallbackContext, JwtSigner } from '@openid4vc/oauth2';
import { protocolAlgorithm } from '../openid-callbacks.ts';
import type { Issuer } from '../trust/issuer-keys.ts';
import type { CertificateChain } from '../trust/own-certificate-chain.ts';
import type { RegisteredVerifier } from '../trust/registered-verifier.ts';
import { type VerifierIdentity, x509ClientId } from '../trust/verifier-identity.ts';
import { writeJws } from '../written-jws.ts';
import { presentationQuery } from './presentation-query.ts';
import type { ClientPrefix, RequestRecord } from './presentation-request.ts';
import { anyWalletAudience, didClientId, type RequestAbout, verifierPaths } from './request-object.ts';
import { type ResponseKey, responseEncodings } from './response-key.ts';
import { supportedFormats } from './supported-formats.ts';

export interface RequestSigners {
  issuer: Issuer;
  identity: VerifierIdentity;
  /** The certificate a verifier asks under: its own or the service's. */
  chainOf(verifier: RegisteredVerifier): CertificateChain;
}

interface Signer {
  /** Null for requests that are not signed. */
  jwtSigner: JwtSigner | null;
  signJwt: CallbackContext['signJwt'];
}

export function signerOf(signers: RequestSigners, client: ClientPrefix, verifier: RegisteredVerifier): Signer {
  const { issuer, identity } = signers;
  const byDid = client === 'decentralized_identifier';
  const { sign, publicJwk } = byDid ? issuer.keys.p256 : identity;
  const signJwt: CallbackContext['signJwt'] = async (_signer, { header, payload }) => ({
    jwt: await writeJws({ ...header, alg: protocolAlgorithm }, payload, sign),
    signerJwk: { ...publicJwk },
  });
  if (byDid) return { signJwt, jwtSigner: { method: 'did', didUrl: issuer.p256MultikeyId, alg: protocolAlgorithm } };
  if (client !== 'x509_hash') return { signJwt, jwtSigner: null };
  return { signJwt, jwtSigner: { method: 'x5c', x5c: signers.chainOf(verifier).x5c, alg: protocolAlgorithm } };
}

/** Who asks, as the holder's proof names them. */
export function clientIdOf(
  signers: RequestSigners,
  client: ClientPrefix,
  verifier: RegisteredVerifier,
  responseUri: string,
): string {
  if (client === 'x509_hash') return x509ClientId(signers.chainOf(verifier));
  if (client === 'decentralized_identifier') return didClientId(signers.issuer.did);
  return `redirect_uri:${responseUri}`;
}

export function describeRequest(parts: {
  publicUrl: string;
  signers: RequestSigners;
  request: RequestRecord;
  verifier: RegisteredVerifier;
  handle: string;
  responseKey: ResponseKey | null;
  wallet?: { nonce?: string | undefined; encodings?: string[] | undefined };
}): RequestAbout & { requestUri: string; requestAudience: string } {
  const { publicUrl, signers, request, verifier, handle, responseKey, wallet } = parts;
  const responseUri = `${publicUrl}${verifierPaths.responses}/${handle}`;
  const known = responseEncodings.filter((encoding) => wallet?.encodings?.includes(encoding) ?? true);
  return {
    request,
    verifier,
    query: presentationQuery(request.wanted, publicUrl),
    clientId: clientIdOf(signers, request.client, verifier, responseUri),
    responseUri,
    responseJwk: responseKey?.publicJwk ?? null,
    encodings: known.length === 0 ? responseEncodings : known,
    formats: supportedFormats(request.wanted),
    walletNonce: wallet?.nonce,
    requestUri: `${publicUrl}${verifierPaths.requests}/${handle}`,
    requestAudience: anyWalletAudience,
  };
}
