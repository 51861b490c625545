// Credentials by signing in: from a pushed request over the city's real OpenID provider to the credential.
import { expect, test } from 'vitest';
import { signInCity } from '../../support/sign-in-city.ts';

const city = await signInCity();

test('a person signs in at the city and their wallet gets the resident credential', async () => {
  const wallet = await city.attestedWallet();
  const code = await wallet.codeFor('kim');
  const token = await wallet.token(code);
  expect(token).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
  const issued = await wallet.credential(String(token.body.access_token));
  expect(issued).toMatchObject({ status: 200 });
});
