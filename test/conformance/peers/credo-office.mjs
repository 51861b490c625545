// Credo as an office: issues an SD-JWT VC by pre-authorized code, and asks for it as a verifier.
import { createServer } from 'node:http';
import { Kms } from '@credo-ts/core';
import express from 'express';
import { startCredo } from './credo-agent.mjs';

const CONFIGURATION = 'LibraryCard';
const VCT = 'https://library.example/card';
const preAuthorizedGrant = { txCode: { input_mode: 'numeric', length: 6 } };

/**
 * An office that listens on `port` of this machine.
 *
 * @param options.signWith `did` signs credentials and requests with a did:jwk, `x5c` with a certificate
 */
export async function credoOffice({ resolverUrl, port, signWith = 'did', batchSize = 3, requireDpop = false }) {
  const app = express();
  const url = `http://localhost:${port}`;
  const agent = await startCredo({
    resolverUrl,
    openid4vc: {
      app,
      issuer: { baseUrl: `${url}/issuer`, dpopRequired: requireDpop, credentialRequestToCredentialMapper: cards },
      verifier: { baseUrl: `${url}/verifier` },
    },
  });
  const server = createServer(app);
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));

  const { publicJwk } = await agent.kms.createKeyForSignatureAlgorithm({ algorithm: 'ES256' });
  const key = Kms.PublicJwk.fromPublicJwk(publicJwk);
  const signer = signWith === 'did' ? await didSigner() : await certificateSigner();

  async function didSigner() {
    const { didState } = await agent.dids.create({ method: 'jwk', options: { keyId: key.keyId } });
    return { method: 'did', didUrl: `${didState.did}#0` };
  }

  async function certificateSigner() {
    const certificate = await agent.x509.createCertificate({
      authorityKey: key,
      issuer: { commonName: 'City library', countryName: 'KR' },
      extensions: { subjectAlternativeName: { name: [{ type: 'dns', value: 'localhost' }] } },
    });
    certificate.publicJwk.keyId = key.keyId;
    agent.x509.config.setTrustedCertificates([certificate.toString('base64')]);
    return { method: 'x5c', x5c: [certificate], issuer: url };
  }

  function cards({ holderBinding }) {
    return {
      type: 'credentials',
      format: 'dc+sd-jwt',
      credentials: holderBinding.keys.map(({ jwk }) => ({
        payload: { vct: VCT, card_number: 'L-1017', until: '2027-12-31' },
        holder: { method: 'jwk', jwk },
        issuer: signer,
        disclosureFrame: { _sd: ['card_number', 'until'] },
        headerType: 'dc+sd-jwt',
      })),
    };
  }

  const issuer = await agent.openid4vc.issuer.createIssuer({
    issuerId: 'library',
    display: [{ name: 'City library', locale: 'en' }],
    dpopSigningAlgValuesSupported: ['ES256'],
    batchCredentialIssuance: { batchSize },
    credentialConfigurationsSupported: {
      [CONFIGURATION]: {
        format: 'dc+sd-jwt',
        vct: VCT,
        scope: CONFIGURATION,
        cryptographic_binding_methods_supported: ['jwk'],
        credential_signing_alg_values_supported: ['ES256'],
        proof_types_supported: { jwt: { proof_signing_alg_values_supported: ['ES256'] } },
        credential_metadata: { display: [{ name: 'Library card', locale: 'en' }] },
      },
    },
  });
  const verifier = await agent.openid4vc.verifier.createVerifier({ verifierId: 'gate' });

  return {
    agent,
    vct: VCT,
    issuerUrl: `${url}/issuer/${issuer.issuerId}`,

    async offer() {
      const { credentialOffer, issuanceSession } = await agent.openid4vc.issuer.createCredentialOffer({
        issuerId: issuer.issuerId,
        credentialConfigurationIds: [CONFIGURATION],
        preAuthorizedCodeFlowConfig: preAuthorizedGrant,
        version: 'v1',
      });
      return { uri: credentialOffer, txCode: issuanceSession.userPin };
    },

    /** @param request `query` in DCQL, `responseMode` */
    async ask({ query, responseMode = 'direct_post.jwt' }) {
      const { authorizationRequest, verificationSession } = await agent.openid4vc.verifier.createAuthorizationRequest({
        verifierId: verifier.verifierId,
        requestSigner: signWith === 'did' ? signer : { ...signer, clientIdPrefix: 'x509_hash' },
        dcql: { query },
        responseMode,
        version: 'v1',
      });
      return { uri: authorizationRequest, sessionId: verificationSession.id };
    },

    async answerOf(sessionId) {
      const session = await agent.openid4vc.verifier.getVerificationSessionById(sessionId);
      if (session.state !== 'ResponseVerified') return { state: session.state, error: session.errorMessage };
      const { dcql } = await agent.openid4vc.verifier.getVerifiedAuthorizationResponse(sessionId);
      return { state: session.state, presentations: dcql.presentations };
    },

    async close() {
      await new Promise((resolve) => server.close(resolve));
      await agent.shutdown();
    },
  };
}
