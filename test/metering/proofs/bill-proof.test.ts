// A bill from its won to the meter's bytes and to the chain: whole, spoiled byte by byte, and spoiled in the database.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../../src/cli/command-io.ts';
import { verifyBillCommand } from '../../../src/cli/verify-bill-command.ts';
import type { BillProof } from '../../../src/metering/proofs/bill-proof.ts';
import { isProven } from '../../../src/metering/proofs/proof-steps.ts';
import { verifyBill } from '../../../src/metering/proofs/verify-bill.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { packAll } from '../../support/pack-all.ts';
import { proofSeams, provenBill } from '../../support/proven-bill.ts';
import { newSeed } from '../../support/seed.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const house = await provenBill(pool);
const seed = newSeed('bytes of a proof');
const folder = mkdtempSync(join(tmpdir(), 'naru-bill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let proof: BillProof;
beforeAll(async () => {
  proof = await house.proven();
});

/** What the command says of a file, and its exit status. */
async function command(content: string, ...options: string[]): Promise<{ code: number; says: string }> {
  const file = join(folder, 'bill.proof.json');
  writeFileSync(file, content);
  let says = '';
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      says += String(chunk);
      done();
    },
  });
  const io = { stdin: process.stdin, stdout, stderr: stdout, setExitCode: () => {} };
  const code = await runCommand(verifyBillCommand(io, systemClock), [file, ...options], io);
  return { code, says };
}
const onChain = () => ['--rpc', house.chain.url, '--contract', proof.chain.contract, '--registry', house.registry];

/** The steps that break, with what they say in English. */
function broken(of: unknown): Record<string, string[]> {
  const { steps } = verifyBill(of, proofSeams);
  return Object.fromEntries(
    steps.filter(({ passed }) => passed === false).map(({ step, breaks }) => [step, breaks.map(({ says }) => says.en)]),
  );
}

describe('the proof of a bill', () => {
  test('leads from won to tier, use, readings, bytes, epoch and transaction, with nobody asked but the chain', async () => {
    const { code, says } = await command(JSON.stringify(proof), ...onChain());
    expect(says).toContain('Verified.');
    expect(code).toBe(0);
    const { steps } = verifyBill(proof, proofSeams);
    expect(steps.map(({ step, passed }) => [step, passed])).toEqual(
      ['form', 'document', 'price', 'volume', 'use', 'readings', 'bytes'].map((step) => [step, true]),
    );
    const days = proof.zone_days.map(({ day }) => day);
    expect(days).toEqual(
      ['02-28', '03-01', '03-02', '03-03', '03-04', '03-05', '03-06', '03-07', '03-08'].map((day) => `2026-${day}`),
    );
    const shown = proof.zone_days.flatMap(({ meter_days }) =>
      meter_days.flatMap(({ entries }) => entries.filter((entry) => !('hash' in entry))),
    );
    expect(shown.length).toBe(7 * 24 + 2);
    const document = JSON.parse(proof.bill.document);
    expect(document.use.volume_l).toBe(
      proof.use.parts.flatMap(({ days_l }) => days_l).reduce((sum, day_l) => sum + day_l, 0),
    );
  });

  test('without a chain passes up to it, and says so with its exit status', async () => {
    expect(await command(JSON.stringify(proof))).toMatchObject({ code: 3 });
    expect((await command('{}')).code).toBe(1);
    expect((await command(JSON.stringify(proof), '--contract', '0x00')).code).toBe(2);
  });

  test('is of the contract that is known from elsewhere, or breaks', async () => {
    const options = ['--rpc', house.chain.url, '--contract', `0x${'11'.repeat(20)}`, '--registry', house.registry];
    const { code, says } = await command(JSON.stringify(proof), ...options);
    expect(code).toBe(1);
    expect(says).toMatch(/FAILED .*체인/);
  });

  test('has no byte that can be another without its being seen', async () => {
    const text = JSON.stringify(proof);
    // What the chain alone knows is compared with the chain: once for each epoch as it is written there.
    const { chain, epochs } = proof;
    const known = JSON.stringify({ chain, epochs });
    await fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), (at, flip) => {
        const code = text.charCodeAt(at);
        if (code > 127) return;
        const spoiled = text.slice(0, at) + String.fromCharCode(code ^ flip) + text.slice(at + 1);
        let file: BillProof;
        try {
          file = JSON.parse(spoiled);
        } catch {
          return;
        }
        const verified = verifyBill(file, proofSeams);
        const isAsOnChain = JSON.stringify({ chain: file.chain, epochs: file.epochs }) === known;
        const what = `byte ${at}: ${text.slice(at - 60, at + 20)} with ${JSON.stringify(spoiled[at])}`;
        expect(isProven(verified.steps) && isAsOnChain, what).toBe(false);
      }),
      { seed, numRuns: 1_000 },
    );
  }, 240_000);

  test('with a root, block or transaction that is not the chain’s breaks there', async () => {
    const [epoch] = proof.epochs;
    for (const change of [
      { transaction: `0x${'ab'.repeat(32)}` },
      { block: { ...epoch?.block, hash: `0x${'cd'.repeat(32)}` } },
    ]) {
      const { code, says } = await command(
        JSON.stringify({ ...proof, epochs: [{ ...epoch, ...change }, ...proof.epochs.slice(1)] }),
        ...onChain(),
      );
      expect(code).toBe(1);
      expect(says).toMatch(/FAILED .*체인/);
    }
  });

  test('shows nothing of another time but what the ends of its own take', () => {
    const others = proof.zone_days.filter(({ day }) => day < '2026-03-01' || day > '2026-03-07');
    expect(others.map(({ meter_days }) => meter_days[0]?.entries.filter((entry) => !('hash' in entry)).length)).toEqual(
      [1, 1],
    );
    const uplinks = others.flatMap(({ meter_days }) =>
      meter_days.flatMap((one) => (typeof one.uplinks === 'string' ? [] : one.uplinks)),
    );
    expect(uplinks.length).toBeGreaterThan(0);
    expect(uplinks.filter((one) => !('hash' in one))).toEqual([]);
    expect(JSON.stringify(proof)).not.toContain('sp-22');
  });
});

describe('one byte that was changed in the database', () => {
  /** Changes, proves, and puts back what was there. */
  async function changed(change: string, back: string): Promise<{ breaks: Record<string, string[]>; code: number }> {
    await pool.query(change);
    try {
      const spoiled = await house.prove();
      return { breaks: broken(spoiled), code: (await command(JSON.stringify(spoiled), ...onChain())).code };
    } finally {
      await pool.query(back);
      expect(broken(await house.prove())).toEqual({});
    }
  }
  const told = /^2026-03-04, meter 21: the reading of 2026-03-04 10:17:00 \(\d+ l\) is not the one that was hashed/;
  const bytesSay = /the reading of 2026-03-04 10:17:00 is \d+ l; what the meter sent says \d+ l/;
  const reading = `meter_id = (SELECT meter_id FROM metering.meter WHERE serial = '21') AND measured_at = '2026-03-04T10:17:00+09:00'`;

  test('of a reading’s register is told: which reading, and that the bytes say another', async () => {
    const { breaks, code } = await changed(
      `UPDATE metering.reading SET register_l = register_l + 1 WHERE ${reading}`,
      `UPDATE metering.reading SET register_l = register_l - 1 WHERE ${reading}`,
    );
    expect(code).toBe(1);
    expect(breaks.readings).toEqual([expect.stringMatching(told)]);
    expect(breaks.bytes).toEqual([expect.stringMatching(bytesSay)]);
  });

  test('of an uplink’s payload is told: which uplink', async () => {
    const at = `(SELECT uplink_id FROM metering.reading WHERE ${reading})`;
    const flip = `UPDATE metering.uplink_pack SET payloads[(${at} - first_id + 1)::int] =
       set_byte(payloads[(${at} - first_id + 1)::int], 30, get_byte(payloads[(${at} - first_id + 1)::int], 30) # 1)
       WHERE first_id = (SELECT max(first_id) FROM metering.uplink_pack WHERE first_id <= ${at})`;
    const { breaks, code } = await changed(flip, flip);
    expect(code).toBe(1);
    expect(breaks.readings).toEqual([
      expect.stringMatching(/^2026-03-04, meter 21: the bytes of uplink \d+ are not those/),
    ]);
  });

  test('of the bill’s document is told', async () => {
    const change = (from: string, to: string) => `
      ALTER TABLE metering.bill DISABLE TRIGGER USER;
      UPDATE metering.bill SET document = replace(document::text, '"due_on":"${from}"', '"due_on":"${to}"')::json;
      ALTER TABLE metering.bill ENABLE TRIGGER USER`;
    const { breaks, code } = await changed(change('2026-03-31', '2026-03-30'), change('2026-03-30', '2026-03-31'));
    expect(code).toBe(1);
    expect(Object.keys(breaks)).toEqual(['document']);
  });

  test('of the version of use is told: which day', async () => {
    const change = (by: number) => `UPDATE metering.volume_version
       SET parts = jsonb_set(parts, '{0,days_l,2}', to_jsonb((parts #>> '{0,days_l,2}')::int + ${by}))
       WHERE service_point_id = 'sp-21'`;
    const { breaks, code } = await changed(change(1), change(-1));
    expect(code).toBe(1);
    expect(breaks.volume).toEqual([expect.stringContaining('its days add up to')]);
    expect(breaks.use).toEqual([expect.stringMatching(/^2026-03-03, meter 21: charged were \d+ l; worked out again/)]);
  });

  test('of a register is told as well once its day lies in a pack', async () => {
    expect(await packAll(pool, house.city.clock)).toBeGreaterThan(0);
    expect(broken(await house.prove())).toEqual({});
    const change = (by: number) => `UPDATE metering.reading_pack p SET register_steps = (
         SELECT array_agg(step + CASE WHEN at_ms = ${(60 + 17) * 60_000} THEN ${by} ELSE 0 END ORDER BY place)
           FROM unnest(p.measured_ms, p.register_steps) WITH ORDINALITY AS told (at_ms, step, place))
       WHERE meter_id = (SELECT meter_id FROM metering.meter WHERE serial = '21') AND day = '2026-03-04'`;
    const { breaks, code } = await changed(change(1), change(-1));
    expect(code).toBe(1);
    expect(breaks.readings).toEqual([expect.stringMatching(told)]);
    expect(breaks.bytes).toEqual([expect.stringMatching(bytesSay)]);
  });
});

describe('after the bill', () => {
  test('a late reading makes a new version of its day, and the bill is proven as it was charged', async () => {
    const [{ version: before }] = [await zoneDayOf('2026-03-05')];
    const at_ms = Date.parse('2026-03-05T10:30:00+09:00');
    const { rows } = await pool.query<{ register_l: number }>(
      `SELECT register_l FROM metering.every_reading JOIN metering.meter USING (meter_id)
        WHERE serial = '21' AND measured_at = '2026-03-05T11:17:00+09:00'`,
    );
    const received_ms = house.city.clock.now_ms();
    await house.city.tell([{ serial: '21', registers: [[at_ms, rows[0]?.register_l ?? 0]], received_ms }]);
    await house.city.hash();
    expect((await zoneDayOf('2026-03-05')).version).toBe(before + 1);
    const again = await house.proven();
    expect(broken(again)).toEqual({});
    expect(again.zone_days.find(({ day }) => day === '2026-03-05')?.version).toBe(before + 1);
    expect(verifyBill(again, proofSeams).steps.find(({ step }) => step === 'use')?.says.en).toContain(
      '1 readings came later',
    );
  });

  async function zoneDayOf(day: string): Promise<{ version: number }> {
    const { rows } = await pool.query<{ version: number }>(
      'SELECT max(version) AS version FROM metering.zone_day_tree WHERE day = $1',
      [day],
    );
    return rows[0] ?? { version: 0 };
  }

  test('what is erased takes the meaning of its hashes along: nothing can be proven, and nothing guessed', async () => {
    await pool.query(
      `DELETE FROM metering.proof_key WHERE install_id = (SELECT install_id FROM metering.install WHERE service_point_id = 'sp-21')`,
    );
    await expect(house.prove()).rejects.toMatchObject({ code: 'PROOF_ERASED' });
    expect(broken(await house.proofs.proveBill(await house.billAt('sp-22')))).toEqual({});
  });
});
