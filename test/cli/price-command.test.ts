// naru price, run in this process: the worked bill as JSON and as text in both languages, and being called wrongly.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { type CommandIo, runCommand } from '../../src/cli/command-io.ts';
import { priceCommand } from '../../src/cli/price-command.ts';
import { tariffJsonSchema } from '../../src/metering/billing/tariff.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { shippedText } from '../support/shipped-tariff.ts';

/** Late on 30 September 2025 in Busan it is still the 30th; the clock of the test says 15:30 UTC, half past midnight there. */
const halfPastMidnight_ms = Date.parse('2025-09-30T15:30:00Z');

async function run(...argv: string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const io: CommandIo = { stdin: Readable.from([]), stdout, stderr, setExitCode: () => undefined };
  const collected = Promise.all([text(stdout), text(stderr)]);
  const code = await runCommand(priceCommand(io, { now_ms: () => halfPastMidnight_ms }), argv, io);
  stdout.end();
  stderr.end();
  const [out, err] = await collected;
  return { code, out, err };
}

const gimhae = ['--tariff', 'gimhae-current', '--class', 'general', '--bore', '13', '--on', '2026-01-15'];

describe('naru price', () => {
  it('prints the worked bill as JSON, every row with its line', async () => {
    const { code, out } = await run(...gimhae, '--volume', '97', '--households', '2', '--json');
    const bill = JSON.parse(out) as {
      total_won: number;
      verified: boolean;
      components: { id: string; amount_won: number; rows: { line: string; amount_won: string; tier: number }[] }[];
    };
    expect(code).toBe(0);
    expect(bill.total_won).toBe(247_010);
    expect(bill.verified).toBe(true);
    expect(Object.fromEntries(bill.components.map(({ id, amount_won }) => [id, amount_won]))).toEqual({
      water: 138_220,
      sewer: 91_200,
      bore: 1_100,
      levy: 16_490,
    });
    expect(bill.components[0]?.rows).toMatchObject([
      { line: 'water-domestic', volume_m3: '30', unit_price_won: '850', amount_won: '25500' },
      { line: 'water-general', tier: 1, volume_m3: '50', unit_price_won: '1520', amount_won: '76000' },
      { line: 'water-general', tier: 2, volume_m3: '17', unit_price_won: '2160', amount_won: '36720' },
    ]);
  });

  it('tells people in English and in Korean', async () => {
    const english = await run(...gimhae, '--volume', '57');
    expect(english.out).toMatch(/^Gimhae water and sewer charges: general, 57 m3/);
    expect(english.out).toMatch(/tier 2: 7 m3 x 2,160 = 15,120 {2}\[water-general\]/);
    expect(english.out).toMatch(/Total +155,510 won/);
    const korean = await run(...gimhae, '--volume', '57', '--lang', 'ko');
    expect(korean.out).toMatch(/^김해시 상하수도 요금: 일반용, 57 m3/);
    expect(korean.out).toMatch(/2단계: 7 m3 x 2,160 = 15,120/);
    expect(korean.out).toMatch(/합계 +155,510원/);
  });

  it("takes today from the tariff's own calendar, and says that Busan's prices are not verified", async () => {
    const use = [
      '--class',
      'domestic',
      '--bore',
      '15',
      '--volume',
      '10',
      '--billed',
      '2026-02-10',
      '--index',
      'bod=2.1',
    ];
    const { code, out } = await run('--tariff', 'busan', ...use);
    expect(code).toBe(0);
    expect(out).toMatch(/10 m3 x 920 = 9,200 {2}\[water-domestic-2025\]/);
    expect(out).toMatch(/10 m3 x 149.8 = 1,498 {2}\[levy-domestic\]/);
    expect(out).toMatch(/could not be seen at their source/);
    expect((await run('--tariff', 'busan', ...use, '--on', '2025-09-30')).out).toMatch(/x 860 = 8,600/);
  });

  it('takes days, parts, other classes and components of their own', async () => {
    const days = ['--from', '2026-01-01', '--until', '2026-02-01', '--billed', '2026-02-10'];
    const { out } = await run(
      ...['--tariff', 'okcheon', '--class', 'general', '--bore', '15', '--volume', '40.5', ...days],
      ...['--with', 'bath=1:10', '--class-of', 'sewer=industrial', '--volume-of', 'sewer=50', '--months', '1'],
      ...['--measured', '2026-01-01..2026-02-01=40.5', '--proven', 'household-benefit', '--json'],
    );
    const bill = JSON.parse(out) as { components: { id: string; amount_won: number }[] };
    expect(bill.components.map(({ id, amount_won }) => `${id} ${amount_won}`)).toEqual([
      `water ${10 * 1_130 + 30 * 1_330}`,
      `sewer ${10 * 220 + 40 * 400}`,
      'bore 600',
    ]);
    expect((await run(...gimhae, '--volume', '57', '--without', 'sewer')).out).not.toMatch(/Sewer/);
  });

  it('reads a tariff file of any place, and tells a wrong one by its line with 1', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'naru-tariff-'));
    const path = join(folder, 'city.yaml');
    writeFileSync(path, shippedText('changwon'));
    expect((await run('--tariff', path, '--check')).out).toBe('changwon: 1 components, 3 lines: no fault\n');
    writeFileSync(path, shippedText('changwon').replace('price: 810', 'price: much'));
    const { code, err } = await run('--tariff', path, '--check');
    expect(code).toBe(1);
    expect(err).toContain(`TARIFF_INVALID: ${path}:`);
    expect(err).toMatch(/components\[0\]\.lines\[0\]\.tiers\[1\]\.price: write a number/);
  });

  it('prints the JSON Schema', async () => {
    expect(JSON.parse((await run('--schema')).out)).toEqual(tariffJsonSchema());
  });

  it('refuses a use that the tariff has no price for with 1', async () => {
    const { code, err, out } = await run(...gimhae, '--volume', '101');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^TARIFF_NO_PRICE: .*add a tier/);
  });

  it.each([
    { title: 'no tariff', argv: [] },
    { title: 'a tariff that is not there', argv: ['--tariff', join(packageRoot, 'nowhere.yaml')] },
    { title: 'no class', argv: ['--tariff', 'okcheon'] },
    { title: 'no volume', argv: ['--tariff', 'okcheon', '--class', 'general'] },
    { title: 'four decimals', argv: [...gimhae, '--volume', '1.0001'] },
    { title: 'a volume in words', argv: [...gimhae, '--volume', 'ten'] },
    { title: 'half a household', argv: [...gimhae, '--volume', '1', '--households', '1.5'] },
    { title: 'a wrong date', argv: [...gimhae, '--volume', '1', '--billed', '2025-13-01'] },
    { title: 'a beginning without an end', argv: [...gimhae, '--volume', '1', '--from', '2025-01-01'] },
    { title: 'a day and days', argv: [...gimhae, '--volume', '1', '--from', '2025-01-01', '--until', '2025-02-01'] },
    { title: 'an index without a value', argv: [...gimhae, '--volume', '1', '--index', 'bod'] },
    { title: 'another language', argv: [...gimhae, '--volume', '1', '--lang', 'jp'] },
    { title: 'an option that is not there', argv: [...gimhae, '--volumen', '1'] },
  ])('ends with 2 and an explanation for $title', async ({ argv }) => {
    const { code, out, err } = await run(...argv);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err.trim().length).toBeGreaterThan(10);
  });
});
