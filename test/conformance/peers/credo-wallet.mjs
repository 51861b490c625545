// Credo as a wallet: takes offers by either grant, and answers presentation requests.
import { Kms } from '@credo-ts/core';
import { startCredo } from './credo-agent.mjs';

export async function credoWallet(options) {
  const agent = await startCredo(options);
  const { holder } = agent.openid4vc;

  /** As many fresh keys as the issuer takes in one request. */
  async function freshKeys({ issuerMaxBatchSize, proofTypes }) {
    const algorithm = proofTypes.jwt.supportedSignatureAlgorithms[0];
    const keys = [];
    for (let n = 0; n < issuerMaxBatchSize; n += 1) {
      const { publicJwk } = await agent.kms.createKeyForSignatureAlgorithm({ algorithm });
      keys.push(Kms.PublicJwk.fromPublicJwk(publicJwk));
    }
    return { method: 'jwk', keys };
  }

  async function store(records) {
    for (const { record } of records) {
      await (record.type === 'MdocRecord' ? agent.mdoc : agent.sdJwtVc).store({ record });
    }
    return records.map(({ record }) => record);
  }

  return {
    async takeOffer(offerUri, txCode) {
      const resolvedCredentialOffer = await holder.resolveCredentialOffer(offerUri);
      const token = await holder.requestToken({ resolvedCredentialOffer, txCode });
      const { credentials } = await holder.requestCredentials({
        resolvedCredentialOffer,
        ...token,
        credentialBindingResolver: freshKeys,
      });
      return store(credentials);
    },

    /**
     * By authorization code.
     *
     * @param client `id`, `redirectUri`; `attest(jwk)` gives the wallet attestation over a key of the wallet's
     * @param signIn opens an address as the person's browser, gives the one it came back to
     */
    async takeOfferSigningIn(offerUri, { id, redirectUri, attest }, signIn) {
      const { publicJwk } = await agent.kms.createKeyForSignatureAlgorithm({ algorithm: 'ES256' });
      const walletAttestationJwt = await attest(publicJwk);
      const resolvedCredentialOffer = await holder.resolveCredentialOffer(offerUri);
      const asked = await holder.resolveOpenId4VciAuthorizationRequest(resolvedCredentialOffer, {
        ...{ clientId: id, redirectUri, walletAttestationJwt },
      });
      const { authorizationCode: code } = await holder.parseAuthorizationCodeFromAuthorizationResponse({
        resolvedCredentialOffer,
        authorizationResponseRedirectUrl: await signIn(asked.authorizationRequestUrl),
      });
      const token = await holder.requestToken({
        ...{ resolvedCredentialOffer, code, clientId: id, redirectUri, walletAttestationJwt },
        ...{ codeVerifier: asked.codeVerifier, dpop: asked.dpop },
      });
      const { credentials } = await holder.requestCredentials({
        ...{ resolvedCredentialOffer, ...token, clientId: id },
        credentialBindingResolver: freshKeys,
      });
      return store(credentials);
    },

    async answer(requestUri) {
      const resolved = await holder.resolveOpenId4VpAuthorizationRequest(requestUri);
      const { queryResult } = resolved.dcql;
      if (!queryResult.can_be_satisfied) return { satisfied: false };
      const { serverResponse, redirectUri } = await holder.acceptOpenId4VpAuthorizationRequest({
        authorizationRequestPayload: resolved.authorizationRequestPayload,
        dcql: { credentials: holder.selectCredentialsForDcqlRequest(queryResult) },
      });
      return { satisfied: true, status: serverResponse.status, body: serverResponse.body, redirectUri };
    },

    close: () => agent.shutdown(),
  };
}
