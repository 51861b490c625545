// SD-JWT VC: every claim disclosed on its own, for registered types. Source: RFC 9901; draft-ietf-oauth-sd-jwt-vc.
import { signWith } from '../../trust/signing-key.ts';
import type { TypedFormat } from '../credential-format.ts';
import { vctOf } from '../credential-types.ts';
import { SD_JWT_VC_TYPE } from '../sd-jwt-vc.ts';
import { writeSdJwtVc } from '../sd-jwt-vc-issuing.ts';

export const dcSdJwt: TypedFormat = {
  id: SD_JWT_VC_TYPE,
  secures: 'types',
  openidFormat: SD_JWT_VC_TYPE,
  signingAlgorithms: ['ES256'],
  keyKinds: ['P-256'],
  typeConfiguration: (type, publicUrl) => ({ vct: vctOf(type, publicUrl) }),
  claimPath: (_type, claim) => [claim],
  issue: async (content, key, { publicUrl, randomBytes }) =>
    writeSdJwtVc(
      {
        issuer: content.issuer,
        certificates: content.certificates,
        vct: vctOf(content.type, publicUrl),
        ...(content.subject === undefined ? {} : { subject: content.subject }),
        issuedAt_s: content.issuedAt_s,
        expiresAt_s: content.expiresAt_s,
        holderJwk: content.holder.jwk,
        status: { uri: content.status.uri, index: content.status.index },
        claims: content.claims,
      },
      // As a Multikey, which other wallets read.
      { keyId: key.methodId, sign: (message) => signWith(key, message) },
      randomBytes,
    ),
};
