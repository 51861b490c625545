// The step that asks whether the device of an mdoc's holder answered this very request: its signature over the session.
// Source: ISO/IEC 18013-5:2021, 9.1.3; OpenID4VP 1.0, B.2.6.
import { createHash, createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { DeviceAuthentication, Header, SessionTranscript, SignatureAlgorithm } from '@owf/mdoc';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { z } from 'zod';
import type { MdocPresentation } from './mdoc-presentation.ts';
import { type TraceStep, traceStep } from './verdict.ts';

/** What the device signs besides the document: the request it answers, and where the answer goes. */
export interface MdocSession {
  nonce: string;
  clientId: string;
  responseUri: string;
  /** Of the page that asked through the Digital Credentials API; null for redirects. */
  origin: string | null;
  /** Key that the answer was encrypted to; null where it came in the clear. */
  responseJwk: JWK | null;
}

const deviceKeySchema = z.union([
  z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }),
  z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }),
]);

/** Source: OpenID4VP 1.0, B.2.6.1 for redirects, B.2.6.2 for the Digital Credentials API. */
export async function sessionTranscript(session: MdocSession): Promise<SessionTranscript> {
  const { nonce, clientId, responseUri, origin, responseJwk } = session;
  const thumbprint = responseJwk === null ? null : Buffer.from(await calculateJwkThumbprint(responseJwk), 'base64url');
  const about = { nonce, ...(thumbprint === null ? {} : { jwkThumbprint: new Uint8Array(thumbprint) }) };
  return origin === null
    ? SessionTranscript.forOid4Vp({ ...about, clientId, responseUri }, { crypto })
    : SessionTranscript.forOid4VpDcApi({ ...about, origin }, { crypto });
}

/** @returns the step, and where it passed the RFC 7638 thumbprint of the device's key */
export async function deviceStep(
  { document, object }: MdocPresentation,
  session: MdocSession,
): Promise<{ step: TraceStep; thumbprint: string | null }> {
  const refused = (reason: TraceStep['reason']) => ({ step: traceStep('holder', 'failed', reason), thumbprint: null });
  const key = deviceKeySchema.safeParse(object.deviceKeyInfo.deviceKey.jwk);
  if (!key.success) return refused('HOLDER_KEY_MISSING');
  const { deviceAuth, deviceNamespaces } = document.deviceSigned;
  const { deviceSignature } = deviceAuth;
  // A code that both sides could have made shows nobody else who answered; none is asked for.
  if (deviceSignature === undefined || deviceSignature.payload !== null) return refused('HOLDER_PROOF_MALFORMED');
  const algorithm = key.data.kty === 'EC' ? SignatureAlgorithm.ES256 : SignatureAlgorithm.EdDSA;
  const { headers } = deviceSignature.protectedHeaders;
  if (headers.size !== 1 || headers.get(Header.Algorithm) !== algorithm) return refused('HOLDER_PROOF_MALFORMED');
  deviceSignature.detachedPayload = DeviceAuthentication.create({
    ...{ docType: document.docType, deviceNamespaces },
    sessionTranscript: await sessionTranscript(session),
  }).encode({ asDataItem: true });
  if (!isCoseSignedBy(deviceSignature, { ...key.data })) return refused('HOLDER_DEVICE_SIGNATURE_INVALID');
  return { step: traceStep('holder', 'passed', 'HOLDER_OK'), thumbprint: await calculateJwkThumbprint(key.data) };
}

/** False also for a key that is none. Source: RFC 9053, 2.1 and 2.2 */
export function isCoseSignedBy(
  { toBeSigned, signature }: { toBeSigned: Uint8Array; signature: Uint8Array },
  jwk: JsonWebKey,
): boolean {
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return jwk.kty === 'EC'
      ? verify('sha256', toBeSigned, { key, dsaEncoding: 'ieee-p1363' }, signature)
      : verify(null, toBeSigned, key, signature);
  } catch {
    return false;
  }
}

const crypto = {
  digest: ({ bytes }: { bytes: Uint8Array }) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  random: notAsked,
  calculateEphemeralMacKey: notAsked,
};

function notAsked(): never {
  throw new TypeError('a session transcript is a hash of what was asked');
}
