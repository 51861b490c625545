import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { type Anchoring, createAnchoring } from '../../src/anchoring/anchoring-service.ts';
import { enqueueChange } from '../../src/anchoring/outbox-store.ts';
import { type EmbeddedChain, startEmbeddedChain } from '../../src/platform/chain/embedded-chain.ts';
import { callRpc } from '../../src/platform/chain/json-rpc.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { anchorOf, hash, isAnchoredAt, statusOf, WAIT } from '../support/anchoring-fixture.ts';
import { testDatabase } from '../support/test-database.ts';

const { pool } = await testDatabase();
const directory = mkdtempSync(join(tmpdir(), 'naru-chain-'));
const logger = createLogger('silent');
let chain: EmbeddedChain;
let anchoring: Anchoring;

beforeAll(async () => {
  chain = await startEmbeddedChain(directory, 0, logger);
  anchoring = createAnchoring({
    pool,
    chain: {
      rpcUrls: [chain.url],
      chainId: chain.chainId,
      committerKey: chain.committerKey,
      registryId: `0x${'0c'.repeat(32)}`,
      isDevelopmentChain: true,
      confirmations: 2,
      stuckAfter_ms: 15_000,
      maxFee_gwei: 500,
    },
    epochInterval_ms: 100,
    epochChanges: 100,
    clock: systemClock,
    logger,
    metrics: createMetrics(),
  });
  await anchoring.start();
});
afterAll(async () => {
  await anchoring.stop();
  await chain.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('what a killed node lost of its chain is sent again, and what it had saved is there', async () => {
  await enqueueChange(pool, hash(1), hash(1));
  await expect.poll(() => statusOf(anchoring, 1), WAIT).toBe('final');
  await chain.save();
  const first = (await anchorOf(anchoring, 1)) as Anchor;
  await enqueueChange(pool, hash(2), hash(2));
  await expect.poll(() => statusOf(anchoring, 2), WAIT).toMatch(/included|final/);
  process.kill(chain.pid() as number, 'SIGKILL');
  await expect
    .poll(async () => {
      const anchor = (await anchorOf(anchoring, 2)) as Anchor;
      return anchor.status === 'final' && (await isAnchoredAt(chain.url, anchor).catch(() => false));
    }, WAIT)
    .toBe(true);
  const second = (await anchorOf(anchoring, 2)) as Anchor;
  for (const anchor of [first, second]) {
    const receipt = await callRpc(chain.url, 'eth_getTransactionReceipt', [anchor.transaction]);
    expect(receipt).toMatchObject({ status: '0x1', to: anchor.contract.toLowerCase() });
  }
});
