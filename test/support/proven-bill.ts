// A bill from real uplinks on a real store, anchored on a real chain: what proves it, and where its rows can be spoiled.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from 'vitest';
import { anchorKey } from '../../src/anchoring/anchor-keys.ts';
import { createAnchoring } from '../../src/anchoring/anchoring-service.ts';
import { proofHolds } from '../../src/anchoring/proofs.ts';
import { startBillRun } from '../../src/metering/billing/start-bill-run-service.ts';
import { workOffBillRun } from '../../src/metering/billing/work-off-bill-run-service.ts';
import type { BillProof } from '../../src/metering/proofs/bill-proof.ts';
import { createBillProofService } from '../../src/metering/proofs/bill-proof-service.ts';
import { buildBillTree } from '../../src/metering/proofs/build-bill-tree-service.ts';
import type { ProofSeams } from '../../src/metering/proofs/check-meter-days.ts';
import { decodeAny } from '../../src/metering/proofs/decode-any.ts';
import { nodeSha256 } from '../../src/metering/proofs/salted-meter-day.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import type { Pool } from '../../src/platform/postgres/database.ts';
import { Problem } from '../../src/platform/problem.ts';
import { MeteredDays } from './metered-days.ts';
import { shippedText } from './shipped-tariff.ts';
import { startTestChain } from './test-chain.ts';
import { fleetEntry } from './test-intake.ts';

const REGISTRY_ID = `0x${'0d'.repeat(32)}`;
const HOUR_ms = 3_600_000;
const TRIES = 250;

export const proofSeams: ProofSeams = { sha256: nodeSha256, keyOf: anchorKey, mapHolds: proofHolds, decode: decodeAny };

/**
 * Call at the top of a test file. Three meters in a zone; the bill of `sp-21` is of 1 to 7 March, in Seoul.
 *
 * @param before what else happens before the bills are made
 */
export async function provenBill(pool: Pool, before: (city: MeteredDays) => Promise<void> = async () => {}) {
  const begin_ms = Date.parse('2026-02-25T00:17:00+09:00');
  const end_ms = Date.parse('2026-03-12T00:00:00+09:00');
  const serials = ['21', '22', '23'];
  const fleet = serials.map((serial) => {
    const entry = fleetEntry(`dev-${serial}`, serial);
    return { ...entry, meter: { ...entry.meter, bore_mm: 13 }, installedAt_ms: begin_ms - HOUR_ms };
  });
  const city = await MeteredDays.open(pool, 'Asia/Seoul', fleet, begin_ms, end_ms);
  await city.tell(
    serials.flatMap((serial, at) => city.hourly(serial, begin_ms, end_ms, 40_000, (hour) => (hour * (at + 7)) % 41)),
  );
  await city.workOff();
  await before(city);
  await city.workOff();
  const run = {
    ...{ use_from: '2026-03-01', use_until: '2026-03-08', billed_on: '2026-03-10', startedBy: null },
    tariff: { name: 'gimhae-current.yaml', text: shippedText('gimhae-current') },
  };
  const at = { pool, clock: city.clock, days: city.days };
  await startBillRun(at, run);
  while ((await workOffBillRun(pool, at))?.run_id !== null);
  await buildBillTree(city.options);
  await city.hash();

  const chain = await startTestChain();
  const anchoring = createAnchoring({
    ...{ pool, clock: systemClock, logger: createLogger('silent'), metrics: createMetrics() },
    chain: {
      ...{ rpcUrls: [chain.url], committerKey: chain.key, registryId: REGISTRY_ID, isDevelopmentChain: true },
      ...{ confirmations: 1, stuckAfter_ms: 15_000, maxFee_gwei: 500 },
    },
    ...{ epochInterval_ms: 100, epochChanges: 10_000 },
  });
  await anchoring.start();
  afterAll(async () => {
    await anchoring.stop();
    await chain.kill();
  });
  const proofs = createBillProofService({
    ...{ pool, days: city.days },
    prove: (kind, name) => anchoring.bundles.bundleOf(anchorKey(kind, name)),
  });
  async function billAt(servicePoint: string): Promise<number> {
    const { rows } = await pool.query<{ bill_id: number }>(
      'SELECT bill_id FROM metering.bill WHERE service_point_id = $1',
      [servicePoint],
    );
    return rows[0]?.bill_id ?? 0;
  }
  const billId = await billAt('sp-21');
  const prove = () => proofs.proveBill(billId);
  /** Once all of it stands in a block. */
  async function proven(): Promise<BillProof> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await prove();
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'PROOF_PENDING' || tries === TRIES) throw error;
        await sleep(200);
      }
    }
  }
  return { pool, city, chain, proofs, billAt, registry: REGISTRY_ID, prove, proven };
}
