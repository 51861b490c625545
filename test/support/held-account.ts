// A water account held by hand: a presentation of it is right but for what a test says otherwise.
import { decodeJwt, type JWTHeaderParameters } from 'jose';
import type { Issuer } from '../../src/identity/trust/issuer-keys.ts';
import { createHolder, type KeyBinding } from './holder.ts';
import { waterAccountClaims } from './identity-city.ts';
import { type Asked, formOf, post } from './presented-answer.ts';
import { signedJwt, type TestSigner } from './signed-jwt.ts';

interface City {
  issuer: Issuer;
  issuing: {
    issueSdJwtVc(order: {
      type: string;
      claims: Record<string, unknown>;
      holderJwk: { kty: 'EC'; crv: 'P-256'; x: string; y: string };
    }): Promise<{ credential: string; credentialId: string }>;
  };
  clock: { now_ms(): number };
}

export async function heldAccount(city: City) {
  const holder = await createHolder();
  const order = { type: 'water-account', claims: waterAccountClaims, holderJwk: holder.jwk };
  const { credential, credentialId } = await city.issuing.issueSdJwtVc(order);

  /** Signed anew by the issuer's key, or another, with header and payload changed. */
  async function reissued(
    change: { payload?: object; without?: string; header?: Partial<JWTHeaderParameters> },
    key: TestSigner = city.issuer.keys.p256,
  ): Promise<string> {
    const [jwt = '', ...rest] = credential.split('~');
    const payload: Record<string, unknown> = { ...decodeJwt(jwt), ...change.payload };
    if (change.without !== undefined) delete payload[change.without];
    const header = { alg: 'ES256', typ: 'dc+sd-jwt', kid: city.issuer.p256KeyId, ...change.header };
    return [await signedJwt(header, payload, key), ...rest].join('~');
  }

  function bind(asked: Pick<Asked, 'client_id' | 'nonce'>, binding: KeyBinding = {}, sdJwt = credential) {
    const iat = Math.floor(city.clock.now_ms() / 1_000);
    return holder.bind(sdJwt, { nonce: asked.nonce, aud: asked.client_id, iat, ...binding });
  }

  /** Sends the one presentation that is asked for. */
  async function answer(asked: Asked, binding: KeyBinding = {}, sdJwt = credential, enc = 'A256GCM') {
    const vp_token = { water_account: [await bind(asked, binding, sdJwt)] };
    return post(asked.response_uri, await formOf(asked, { vp_token, state: asked.state }, { enc }));
  }

  return { holder, credential, credentialId, reissued, bind, answer };
}
