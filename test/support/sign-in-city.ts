// The identity city with people who sign in at its provider, a wallet provider it trusts, and wallets of either kind.
import { X509Certificate } from 'node:crypto';
import { importPKCS8 } from 'jose';
import type { AuthorizationPolicy } from '../../src/compose-authorization.ts';
import { authorizationPaths } from '../../src/identity/issuing/authorization-server-metadata.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { type TestAuthority, testAuthority } from './certificates.ts';
import { cityClient, residentMapping, startCityProvider } from './city-provider.ts';
import { identityCity } from './identity-city.ts';
import { keyPair, testWallet } from './test-wallet.ts';

export const walletProviderIssuer = 'https://wallet-provider.example';
export const redirectUri = 'https://wallet.example/cb';

/** Call at the top of a test file; everything is stopped at its end. */
export async function signInCity() {
  const port = await freePort(0);
  const providerKey = await keyPair();
  const authority = await testAuthority('wallet provider');
  const policy: AuthorizationPolicy = {
    bearerTokens: 'refused',
    wallets: {
      providers: [
        {
          issuer: walletProviderIssuer,
          keys: [providerKey.jwk as { kty: 'EC'; crv: 'P-256'; x: string; y: string }],
          roots: [new X509Certificate(authority.cert)],
          redirectUris: [redirectUri, 'naru-wallet://cb'],
        },
      ],
      clients: [{ clientId: 'registered-wallet', redirectUris: [redirectUri] }],
    },
    cityProvider: {
      ...{ issuer: `http://localhost:${port}`, clientId: cityClient.id, clientSecret: cityClient.secret },
      scope: 'openid profile address',
      mapping: residentMapping,
    },
  };
  const city = await identityCity(policy);
  await startCityProvider({ port, redirectUri: city.publicUrl + authorizationPaths.providerReturn });
  const wallet = (clientId: string, provider?: { issuer: string; key: CryptoKey; x5c?: string[] }) =>
    testWallet({
      ...{ publicUrl: city.publicUrl, clientId, redirectUri, now_ms: city.clock.now_ms },
      ...(provider === undefined ? {} : { provider }),
    });
  return {
    ...city,
    policy,
    authority,
    strangeAuthority: () => testAuthority('somebody else'),
    /** A key that signs attestations, with its certificate of `by`. */
    async attesterOf(by: TestAuthority) {
      const { cert, key } = await by.issue('attester');
      const x5c = [cert.replaceAll(/-----[^-]+-----|\s/g, '')];
      return { x5c, key: (await importPKCS8(key, 'ES256')) as CryptoKey };
    },
    attestedWallet: (clientId = 'attested-wallet') =>
      wallet(clientId, { issuer: walletProviderIssuer, key: providerKey.privateKey }),
    walletOf: wallet,
    registeredWallet: () => wallet('registered-wallet'),
  };
}
