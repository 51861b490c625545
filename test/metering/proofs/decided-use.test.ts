// Bills whose use was not simply told: an edit, an estimate, a swap; what was decided is proven with the readings.
import { describe, expect, test } from 'vitest';
import { verifyBill } from '../../../src/metering/proofs/verify-bill.ts';
import { noteChangedDays } from '../../../src/metering/readings/changed-days-store.ts';
import { insertEstimates } from '../../../src/metering/readings/use-estimate-store.ts';
import { editReading } from '../../../src/metering/validation/edit-reading-service.ts';
import { proofSeams, provenBill } from '../../support/proven-bill.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry } from '../../support/test-intake.ts';

const { pool } = await testDatabase();
const at = (local: string) => Date.parse(`${local}:00+09:00`);
const begin_ms = at('2026-02-25T00:17');
const byHand = { actor: Buffer.alloc(32, 7), rule: null };

const place = (serial: string, servicePoint: string, installedAt_ms: number) => {
  const entry = fleetEntry(`dev-${serial}`, serial);
  const servicePointOf = { ...entry.servicePoint, id: servicePoint };
  return { ...entry, meter: { ...entry.meter, bore_mm: 13 }, servicePoint: servicePointOf, installedAt_ms };
};

async function idOf(table: 'meter' | 'install', serial: string): Promise<number> {
  const { rows } = await pool.query<{ id: number }>(
    `SELECT ${table}_id AS id FROM metering.install JOIN metering.meter USING (meter_id) WHERE serial = $1`,
    [serial],
  );
  return rows[0]?.id ?? 0;
}

const house = await provenBill(pool, async (city) => {
  await city.add([place('24', 'sp-24', begin_ms), place('25', 'sp-25', begin_ms)]);
  const litres = (hour: number) => (hour * 5) % 37;
  await city.tell(city.hourly('24', begin_ms, at('2026-03-06T02:17'), 9_000, litres));
  await city.tell(city.hourly('25', begin_ms, at('2026-03-04T14:17'), 9_000, litres));
  await city.workOff();
  await city.add([{ ...place('26', 'sp-25', at('2026-03-04T13:00')), openingRegister_l: 100 }]);
  await city.tell(city.hourly('26', at('2026-03-04T13:17'), at('2026-03-12T00:17'), 103, litres));
  await city.workOff();
  const meterId = await idOf('meter', '24');
  const { rows } = await pool.query<{ register_l: number }>(
    'SELECT register_l FROM metering.reading WHERE meter_id = $1 AND measured_at = $2',
    [meterId, new Date(at('2026-03-02T00:17'))],
  );
  const edit = { meterId, at_ms: at('2026-03-02T00:17'), deed: 'replace' as const, reason: 'read off a photograph' };
  await editReading(city.options, { ...edit, register_l: (rows[0]?.register_l ?? 0) + 4 }, byHand);
  await city.workOff();
  const install_id = await idOf('install', '24');
  const evidence = { ...byHand, method: 'own_profile' as const, method_version: 1, evidence: {}, reason: 'it stopped' };
  const days = [
    { install_id, day: '2026-03-06', hours_l: Array.from({ length: 24 }, (_, hour) => (hour < 1 ? null : 10)) },
    { install_id, day: '2026-03-07', hours_l: Array.from({ length: 24 }, () => 11) },
  ];
  await city.transaction(async (transaction) => {
    await insertEstimates(
      transaction,
      days.map((one) => ({ ...one, ...evidence, made_ms: city.clock.now_ms() })),
    );
    await noteChangedDays(transaction, days);
  });
});

async function proofOf(servicePoint: string) {
  await house.proven();
  const proof = await house.proofs.proveBill(await house.billAt(servicePoint));
  const { steps, document } = verifyBill(proof, proofSeams);
  const breaks = steps.flatMap((one) => one.breaks.map(({ says }) => says.en));
  return { proof, document, breaks };
}

describe('the proof of a bill', () => {
  test('of an edited and an estimated use shows both among the readings, and breaks where one is another', async () => {
    const { proof, document, breaks } = await proofOf('sp-24');
    expect(breaks).toEqual([]);
    expect(document?.use.estimated_l).toBe(23 * 10 + 24 * 11);
    const kinds = proof.zone_days.flatMap(({ day, meter_days }) =>
      meter_days.flatMap(({ entries }) =>
        entries.flatMap((one) => ('hash' in one || one.kind === 'reading' ? [] : [[day, one.kind]])),
      ),
    );
    expect(kinds).toEqual([
      ['2026-03-02', 'edit'],
      ['2026-03-06', 'estimate'],
      ['2026-03-07', 'estimate'],
    ]);
    const spoiled = structuredClone(proof);
    for (const { entries } of spoiled.zone_days.flatMap(({ meter_days }) => meter_days)) {
      for (const one of entries) if ('kind' in one && one.kind === 'edit') one.register_l = (one.register_l ?? 0) + 20;
    }
    const told = verifyBill(spoiled, proofSeams).steps.flatMap((one) => one.breaks.map(({ says }) => says.en));
    expect(told).toContainEqual(expect.stringMatching(/^2026-03-02, meter 24: the edit of 2026-03-02 00:17:00/));
    expect(told).toContainEqual(expect.stringMatching(/^2026-03-01, meter 24: charged were/));
  });

  test('of a swap shows both meters, each for the part of the day in which it stood there', async () => {
    const { proof, breaks } = await proofOf('sp-25');
    expect(breaks).toEqual([]);
    const swapped = proof.zone_days.find(({ day }) => day === '2026-03-04')?.meter_days ?? [];
    expect(swapped.map(({ meter, from_us, until_us }) => [meter, from_us / 1_000, until_us / 1_000])).toEqual([
      ['25', at('2026-03-04T00:00'), at('2026-03-04T13:00')],
      ['26', at('2026-03-04T13:00'), at('2026-03-05T00:00')],
    ]);
    expect(swapped[1]?.entries).toContainEqual(expect.objectContaining({ kind: 'read_off', register_l: 100 }));
  });
});
