// Signs the list of registered verifiers.
import type { Clock } from '../../platform/clock.ts';
import { credentialType, vctOf } from '../credentials/credential-types.ts';
import { protocolAlgorithm } from '../openid-callbacks.ts';
import { writeJws } from '../written-jws.ts';
import type { Issuer } from './issuer-keys.ts';
import { x509ClientId } from './verifier-identity.ts';
import { type VerifierList, verifierListType } from './verifier-list.ts';
import type { VerifierService } from './verifier-service.ts';

const LIFETIME_s = 300;

/** @returns a JWT that holds a `VerifierList`, good for five minutes */
export function createVerifierListService(parts: {
  clock: Clock;
  publicUrl: string;
  issuer: Issuer;
  verifiers: Pick<VerifierService, 'listVerifiers' | 'chainOf'>;
}): () => Promise<string> {
  const { clock, publicUrl, issuer, verifiers } = parts;
  return async () => {
    const now_s = Math.floor(clock.now_ms() / 1_000);
    const list: VerifierList = {
      iss: issuer.did,
      iat: now_s,
      exp: now_s + LIFETIME_s,
      verifiers: (await verifiers.listVerifiers()).map((verifier) => ({
        id: verifier.id,
        client_ids: verifier.own_client
          ? [verifier.own_client.client_id]
          : [x509ClientId(verifiers.chainOf(verifier)), `decentralized_identifier:${issuer.did}`],
        origins: verifier.own_client?.origins ?? [],
        name: verifier.name,
        keeps: verifier.keeps,
        may_ask: verifier.may_ask.map(({ type, claims }) => ({ vct: vctOf(credentialType(type), publicUrl), claims })),
      })),
    };
    const header = { typ: verifierListType, kid: issuer.p256KeyId, alg: protocolAlgorithm };
    return writeJws(header, list, issuer.keys.p256.sign);
  };
}
