import { Contract, JsonRpcProvider, parseEther, toQuantity, Wallet } from 'ethers';
import { describe, expect, test } from 'vitest';
import { contractArtifact } from '../../src/platform/chain/contract-artifact.ts';
import { AnchoringFixture, REGISTRY_ID, untilIncluded, WAIT } from '../support/anchoring-fixture.ts';
import { testDatabase } from '../support/test-database.ts';

const fixture = new AnchoringFixture((await testDatabase()).pool);

/** A contract that another city deployed. */
async function deployedByAnother(): Promise<string> {
  const other = await fixture.start({ registryId: `0x${'0d'.repeat(32)}` });
  const { contract } = await other.service.head();
  await fixture.stop(other);
  await fixture.pool.query('TRUNCATE anchoring.registry, anchoring.sending, anchoring.worker_state');
  return contract;
}

describe('the first start', () => {
  test('opens the registry in a contract that is there already', async () => {
    const contract = await deployedByAnother();
    const one = await fixture.start({ contract });
    await fixture.set(1, 1);
    await untilIncluded(one, 1);
    expect(await one.service.head()).toMatchObject({ contract, registry_id: REGISTRY_ID });
  });

  test('refuses an address that holds no contract', async () => {
    await expect(fixture.create({ contract: `0x${'0d'.repeat(20)}` }).start()).rejects.toMatchObject({
      code: 'CHAIN_CONTRACT_UNUSABLE',
    });
  });

  test('offers the registry to its cold owner, who takes it over and may then rotate the committer', async () => {
    const cold = Wallet.createRandom();
    await fixture.chain.fund(cold.privateKey);
    const one = await fixture.start({ owner: cold.address });
    const { contract } = await one.service.head();
    const [, offeredTo] = (await fixture.onChain(contract, 'ownerOf', REGISTRY_ID)) as [string, string];
    expect(offeredTo).toBe(cold.address);
    const provider = new JsonRpcProvider(fixture.chain.url, undefined, { pollingInterval: 50, cacheTimeout: -1 });
    try {
      const log = new Contract(contract, contractArtifact('AnchorLog').abi, new Wallet(cold.privateKey, provider));
      await (await log.getFunction('acceptHandover')(REGISTRY_ID)).wait();
      await (await log.getFunction('setPaused')(REGISTRY_ID, true)).wait();
      await fixture.set(1, 1);
      await expect.poll(() => one.trouble()?.code, WAIT).toBe('CHAIN_PAUSED');
      await (await log.getFunction('setPaused')(REGISTRY_ID, false)).wait();
      await untilIncluded(one, 1);
    } finally {
      provider.destroy();
    }
  });

  test('finds the contract that a start killed in between had deployed', async () => {
    await fixture.chain.rpc('evm_setAutomine', false);
    const killed = fixture.create();
    const starting = killed.start().catch(() => {});
    const deployments = () => fixture.pool.query("SELECT nonce FROM anchoring.sending WHERE what = 'deploy'");
    await expect.poll(async () => (await deployments()).rowCount, WAIT).toBe(1);
    const again = fixture.start();
    await fixture.chain.rpc('evm_setAutomine', true);
    await fixture.chain.mine(1);
    await fixture.set(1, 1);
    await Promise.all([again, starting]);
    await untilIncluded(await again, 1);
    expect((await deployments()).rowCount).toBe(1);
    const nonce = await fixture.chain.rpc('eth_getTransactionCount', new Wallet(fixture.chain.key).address, 'latest');
    expect(Number(nonce)).toBe(3);
  });
});

test('an empty account is trouble of its own that names the account, and passes when money comes', async () => {
  const one = await fixture.start();
  const { address } = new Wallet(fixture.chain.key);
  await fixture.chain.rpc('anvil_setBalance', address, '0x1');
  await fixture.set(1, 1);
  await expect.poll(() => one.trouble()?.code, WAIT).toBe('CHAIN_FUNDS_MISSING');
  expect(one.trouble()?.detail).toContain(address);
  expect(one.trouble()?.detail).toContain('is missing');
  await fixture.chain.rpc('anvil_setBalance', address, toQuantity(parseEther('1')));
  await untilIncluded(one, 1);
  await expect.poll(() => one.trouble(), WAIT).toBeNull();
});
