import { expect, test } from 'vitest';
import { anchorKey } from '../../../src/anchoring/anchor-keys.ts';
import { toHex } from '../../../src/anchoring/hexadecimal.ts';
import { anchorIsProven } from '../../../src/anchoring/proofs.ts';
import { createDidService } from '../../../src/identity/dids/did-service.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { AnchoringFixture, WAIT } from '../../support/anchoring-fixture.ts';
import { ended, newHolder } from '../../support/did-holder.ts';
import { testDatabase } from '../../support/test-database.ts';

const fixture = new AnchoringFixture((await testDatabase()).pool);

test('the map proves in the next epoch that an erased DID is in it no more', async () => {
  const anchoring = await fixture.start();
  const dids = createDidService({
    pool: fixture.pool,
    clock: { now_ms: () => Date.UTC(2026, 0, 15, 3) },
    random: systemRandom,
    publicUrl: 'http://localhost:8080',
    anchorOf: (key) => anchoring.service.anchorOf(key),
  });
  const holder = await newHolder();
  const key = anchorKey('did', holder.did);
  const anchorIs = (value: string | null) =>
    expect
      .poll(() => anchoring.service.anchorOf(key), WAIT)
      .toMatchObject({ status: expect.stringMatching(/included|final/), value });

  const { anchorValue } = await dids.registerDid(holder.log);
  await anchorIs(toHex(anchorValue));
  fixture.passTime();
  await dids.eraseDid(holder.id, (await ended(holder)).log.slice(1));
  await anchorIs(null);
  const absence = await anchoring.service.anchorOf(key);
  expect(absence && anchorIsProven(absence)).toBe(true);
  expect(absence && (await fixture.isAnchoredOnChain(absence))).toBe(true);
  expect(absence && (await fixture.isAnchoredOnChain({ ...absence, value: toHex(anchorValue) }))).toBe(false);
});
