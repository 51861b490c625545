// Says which reductions the tariff that a place is billed by gives for a proof.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { DateText } from './billing-dates.ts';
import { type OfferedReduction, offeredReductions } from './offered-reductions.ts';
import { findTariffAt } from './proven-predicate-store.ts';
import { readTariff } from './read-tariff.ts';

/** None before the first bill run over the place: until then nobody has said by which tariff it is billed. */
export async function reductionsOffered(
  pool: Queryable,
  servicePoint: string,
  bore_mm: number | null,
  on: DateText,
): Promise<OfferedReduction[]> {
  const found = await findTariffAt(pool, servicePoint);
  if (found === null) return [];
  const tariff = readTariff(found.content, found.tariff_id);
  return offeredReductions(tariff, { class: found.usage_class, bore_mm }, on);
}
