// The way from won back to readings: the bill's volume, its version's days, and the days worked out again from what is shown.
import type { BillDocument } from '../billing/bill-document.ts';
import { type DateText, dayAfter } from '../billing/billing-dates.ts';
import type { LocalDay, LocalDays } from '../readings/local-days.ts';
import type { BillProof, ProofEntry, ProofMeterDay, ProofZoneDay } from './bill-proof.ts';
import type { Entry } from './meter-day.ts';
import type { ProofBreak } from './proof-steps.ts';
import { inMs, knownAt_us, type ShownMeterDay, useOfMeterDays } from './use-of-meter-days.ts';

type Part = BillProof['use']['parts'][number];

/** Whether the bill charged the version of use that is shown, and this is the sum of its days. */
export function checkVolume(document: BillDocument, { use }: BillProof): ProofBreak[] {
  const breaks: ProofBreak[] = [];
  const charged = document.use;
  if (charged.version !== use.version || charged.volume_l !== use.volume_l || charged.estimated_l !== use.estimated_l) {
    breaks.push(
      broken(
        `고지서는 사용량 ${charged.version}판 ${charged.volume_l} L를 청구했는데, 보관된 것은 ${use.version}판 ${use.volume_l} L입니다.`,
        `The bill charged version ${charged.version} of the use, ${charged.volume_l} l; what is kept is version ${use.version}, ${use.volume_l} l.`,
      ),
    );
  }
  const days_l = use.parts.reduce((sum, part) => sum + part.days_l.reduce((all, day_l) => all + day_l, 0), 0);
  const estimated_l = use.parts.reduce((sum, part) => sum + estimatedOf(part), 0);
  if (days_l !== use.volume_l || estimated_l !== use.estimated_l) {
    breaks.push(
      broken(
        `사용량 ${use.version}판은 ${use.volume_l} L인데, 날짜별로 더하면 ${days_l} L입니다.`,
        `Version ${use.version} of the use is ${use.volume_l} l; its days add up to ${days_l}.`,
      ),
    );
  }
  return breaks;
}

const estimatedOf = ({ estimated }: Part) => estimated.reduce((sum, { volume_l }) => sum + volume_l, 0);

/** Each day of each meter from the readings that are shown, by the one rule. */
export function checkUse(document: BillDocument, proof: BillProof, days: LocalDays): ProofBreak[] {
  const breaks: ProofBreak[] = [];
  const installs = installsOf(proof);
  for (const part of proof.use.parts) {
    const shown = installs.get(part.install) ?? [];
    installs.delete(part.install);
    breaks.push(...checkPart(document, part, shown, days, proof.known_until_us));
  }
  if (installs.size > 0) {
    breaks.push(
      broken('사용량에 들지 않은 계량기의 자료가 있습니다.', 'There are readings of a meter that the use is not of.'),
    );
  }
  if (latestKnown_us(proof) !== proof.known_until_us) {
    breaks.push(
      broken('언제까지의 자료인지 맞지 않습니다.', 'Until when readings were known is not when the last of them was.'),
    );
  }
  return breaks;
}

interface Shown {
  zoneDay: ProofZoneDay;
  meterDay: ProofMeterDay;
}

function installsOf({ zone_days }: BillProof): Map<number, Shown[]> {
  const installs = new Map<number, Shown[]>();
  for (const zoneDay of zone_days) {
    for (const meterDay of zoneDay.meter_days) {
      const known = installs.get(meterDay.install);
      if (known === undefined) installs.set(meterDay.install, [{ zoneDay, meterDay }]);
      else known.push({ zoneDay, meterDay });
    }
  }
  return installs;
}

function checkPart(
  { service_point, use_from, use_until }: BillDocument,
  part: Part,
  shown: readonly Shown[],
  days: LocalDays,
  known_until_us: number,
): ProofBreak[] {
  const breaks: ProofBreak[] = [];
  const [first] = shown;
  if (first === undefined)
    return [broken('사용량을 잰 계량기의 자료가 없습니다.', 'There are no readings of a meter that the use is of.')];
  const { meter, bore_mm, dials } = first.meterDay;
  let before = '';
  for (const { zoneDay, meterDay } of shown) {
    const isSame = meterDay.meter === meter && meterDay.bore_mm === bore_mm && meterDay.dials === dials;
    if (!isSame || meterDay.place !== service_point || zoneDay.day <= before) {
      breaks.push({
        ...broken(`${zoneDay.day}: 이 고지서의 계량기가 아닙니다.`, `${zoneDay.day}: this is not the bill's meter.`),
        day: zoneDay.day,
        meter,
      });
    }
    before = zoneDay.day;
  }
  const use = useOfMeterDays(
    days,
    shown.map(({ zoneDay, meterDay }) => shownOf(zoneDay.day, meterDay)),
    known_until_us,
  );
  const estimates = new Map(part.estimated.map(({ day, volume_l }) => [day, volume_l]));
  let day: DateText = part.from;
  for (const day_l of part.days_l) {
    const at = shown.find(({ zoneDay }) => zoneDay.day === day);
    const worked = use.get(day);
    const estimated_l = estimates.get(day);
    const where = { day, meter };
    if (at === undefined || day < use_from || day >= use_until) {
      breaks.push({
        ...where,
        ...broken(
          `${day}, 계량기 ${meter}: 이 날의 검침값이 없습니다.`,
          `${day}, meter ${meter}: the day's readings are missing.`,
        ),
      });
    } else if (hidesWithin(at.meterDay, days.on(day))) {
      breaks.push({
        ...where,
        ...broken(
          `${day}, 계량기 ${meter}: 보이지 않는 검침값이 있습니다.`,
          `${day}, meter ${meter}: readings of the day are not shown.`,
        ),
      });
    } else if (
      worked?.isWhole !== true ||
      worked.told_l + (worked.estimated_l ?? 0) !== day_l ||
      worked.estimated_l !== (estimated_l ?? null)
    ) {
      const again = worked?.isWhole === true ? String(worked.told_l + (worked.estimated_l ?? 0)) : '?';
      breaks.push({
        ...where,
        ...broken(
          `${day}, 계량기 ${meter}: 청구한 사용량은 ${day_l} L, 검침값으로 다시 계산하면 ${again} L입니다.`,
          `${day}, meter ${meter}: charged were ${day_l} l; worked out again from the readings it is ${again}.`,
        ),
      });
    }
    day = dayAfter(day);
  }
  return breaks;
}

/** Whether something of the time in which the meter stood there is not shown. */
function hidesWithin({ entries, from_us, until_us }: ProofMeterDay, { start_ms, end_ms }: LocalDay): boolean {
  const isOfIt = (entry: ProofEntry | undefined) =>
    entry !== undefined && !('hash' in entry) && entry.measured_at_us >= from_us && entry.measured_at_us < until_us;
  const isWholeDay = inMs(from_us) === start_ms && inMs(until_us) === end_ms;
  const first = isWholeDay ? 0 : entries.findIndex((entry) => isOfIt(entry));
  const last = isWholeDay ? entries.length : entries.findLastIndex((entry) => isOfIt(entry));
  return entries.some((entry, at) => 'hash' in entry && (first === -1 || (at >= first && at <= last)));
}

function shownOf(day: string, meterDay: ProofMeterDay): ShownMeterDay {
  return { day, facts: meterDay, entries: entriesOf(meterDay) };
}

function entriesOf({ entries }: ProofMeterDay): Entry[] {
  return entries.filter((entry): entry is Entry => !('hash' in entry));
}

/** When the last reading that counted was received. */
function latestKnown_us({ zone_days, known_until_us }: BillProof): number {
  let latest = 0;
  for (const { meter_days } of zone_days) {
    for (const meterDay of meter_days) {
      for (const entry of entriesOf(meterDay)) {
        const known = knownAt_us(entry);
        if (known > latest && known <= known_until_us) latest = known;
      }
    }
  }
  return latest;
}

/** How many readings came after the use was worked out. */
export function laterReadings({ zone_days, known_until_us }: BillProof): number {
  return zone_days
    .flatMap(({ meter_days }) => meter_days.flatMap(entriesOf))
    .filter((entry) => knownAt_us(entry) > known_until_us).length;
}

const broken = (ko: string, en: string): ProofBreak => ({ says: { ko, en } });
