// An agent of Credo (an independent implementation of OpenID4VC) that can be a wallet, an issuer and a verifier.
import {
  Agent,
  ConsoleLogger,
  DidsModule,
  InjectionSymbols,
  JwkDidResolver,
  KeyDidResolver,
  Kms,
  LogLevel,
  WebDidResolver,
  X509Module,
} from '@credo-ts/core';
import { agentDependencies, NodeInMemoryKeyManagementStorage, NodeKeyManagementService } from '@credo-ts/node';
import { OpenId4VcModule } from '@credo-ts/openid4vc';
import { MemoryStorage } from './credo-storage.mjs';

/**
 * @param options.resolverUrl a universal resolver: where `did:webvh` is asked for, at `/1.0/identifiers/{did}`
 * @param options.trustedCertificates base64 DER of roots
 * @param options.openid4vc options of `OpenId4VcModule`
 */
export async function startCredo({ resolverUrl, trustedCertificates = [], openid4vc = {} }) {
  const agent = new Agent({
    config: {
      allowInsecureHttpUrls: true,
      autoUpdateStorageOnStartup: true,
      logger: new ConsoleLogger(process.env.CREDO_LOG ? LogLevel.debug : LogLevel.off),
    },
    dependencies: { ...agentDependencies, fetch: patientFetch },
    modules: {
      storage: {
        register(dependencies) {
          dependencies.registerInstance(InjectionSymbols.StorageService, new MemoryStorage());
        },
      },
      kms: new Kms.KeyManagementModule({
        backends: [new NodeKeyManagementService(new NodeInMemoryKeyManagementStorage())],
      }),
      x509: new X509Module({ trustedCertificates }),
      dids: new DidsModule({
        resolvers: [new KeyDidResolver(), new JwkDidResolver(), new WebDidResolver(), universalResolver(resolverUrl)],
      }),
      openid4vc: new OpenId4VcModule(openid4vc),
    },
  });
  await agent.initialize();
  return agent;
}

/** Credo gives an answer five seconds, for thirty copies at once. */
function patientFetch(address, init) {
  return agentDependencies.fetch(address, { ...init, signal: undefined });
}

function universalResolver(resolverUrl) {
  return {
    supportedMethods: ['webvh'],
    allowsCaching: false,
    async resolve(_context, did) {
      const answer = await fetch(`${resolverUrl}/1.0/identifiers/${encodeURIComponent(did)}`);
      const { didDocument, didDocumentMetadata, didResolutionMetadata } = await answer.json();
      const { DidDocument, JsonTransformer } = await import('@credo-ts/core');
      return {
        didDocument: didDocument ? JsonTransformer.fromJSON(didDocument, DidDocument) : null,
        didDocumentMetadata,
        didResolutionMetadata,
      };
    },
  };
}
