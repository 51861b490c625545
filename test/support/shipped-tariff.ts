// The tariffs that are shipped, read as the command reads them, and uses to price by them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PriceRequest } from '../../src/metering/billing/price-request.ts';
import type { PricedBill } from '../../src/metering/billing/priced-bill.ts';
import { readTariff } from '../../src/metering/billing/read-tariff.ts';
import type { Tariff } from '../../src/metering/billing/tariff.ts';
import { packageRoot } from '../../src/platform/package-root.ts';

export function shippedText(name: string): string {
  return readFileSync(join(packageRoot, 'tariffs', `${name}.yaml`), 'utf8');
}

export function shippedTariff(name: string): Tariff {
  return readTariff(shippedText(name), `${name}.yaml`);
}

/** A month's use of a domestic meter of 13 mm, with what a test says otherwise. */
export function useOf(volume_m3: number, given: Partial<PriceRequest> = {}): PriceRequest {
  return {
    class: 'domestic',
    bore_mm: 13,
    volume_l: Math.round(volume_m3 * 1_000),
    use_from: '2025-03-01',
    use_until: '2025-04-01',
    billed_on: '2025-04-10',
    ...given,
  };
}

/** The amounts as people read them, by component. */
export function amountsOf(bill: PricedBill): Record<string, string> {
  return Object.fromEntries(bill.components.map(({ id, amount_won }) => [id, String(amount_won)]));
}

/** A tariff with one component, or the components that a test is about; classes domestic, general and bath. */
export function tariffOf(components: string, more = ''): Tariff {
  return readTariff(
    `naru_tariff: 1
id: made
name: { ko: 시험, en: Made for a test }
verified: true
sources: [{ document: made for a test, as_of: 2025-01-01 }]
classes:
  domestic: { ko: 가정용, en: domestic }
  general: { ko: 일반용, en: general }
  bath: { ko: 욕탕용, en: bath }
${more}
components:
${components}`,
    'made.yaml',
  );
}
