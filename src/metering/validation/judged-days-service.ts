// Reads all that days of many installs are judged by, in a few statements, and hands the days out one by one.
import { isoInstant } from '../../platform/iso-instant.ts';
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import type { LocalDay, LocalDays } from '../readings/local-days.ts';
import { curvesOver, type MeterCurve } from '../readings/register-curve-service.ts';
import { dialOf } from '../readings/register-rule.ts';
import { listUseDays } from '../readings/use-day-store.ts';
import { listEstimates } from '../readings/use-estimate-store.ts';
import type { JudgedDay } from './judged-day.ts';
import { type JudgedSpan, listHoursText, listMisdated, listToldSpans, type MisdatedRow } from './judged-store.ts';
import { historyDays, limitsOf, mostFlow_l_per_h } from './limits.ts';
import { dayBefore, pastDaysOf } from './past-days.ts';
import { listPeerUse, type PeerDay, type PeerUse, putPeerUse } from './peer-store.ts';
import { placeAt } from './place-at.ts';
import { type InstallPlace, listInstallPlaces, listPlaceVersions, type PlaceVersion } from './profile-store.ts';
import { goesForward, registersOfDay } from './register-steps.ts';

/** One by one, from what was read of them: all at once they would not fit beside those of the next installs. */
export function* daysToJudge(
  days: LocalDays,
  known: KnownOfSpans,
): Generator<{ install_id: number; judged: JudgedDay }> {
  for (const span of known.spans) {
    for (const judged of daysOf(days, known, span)) yield { install_id: span.install.install_id, judged };
  }
}

/** An install's days to be judged, cut to the time the meter stood there. */
interface StoodSpan {
  install: InstallPlace;
  first: LocalDay;
  last: LocalDay;
}

/** All that days of installs are judged by. */
export interface KnownOfSpans {
  spans: StoodSpan[];
  hours: ReadonlyMap<string, (number | null)[]>;
  estimates: ReadonlyMap<string, (number | null)[]>;
  /** Stored days of installs. Source: listHoursText */
  known: ReadonlyMap<number, string>;
  curves: ReadonlyMap<number, MeterCurve>;
  misdated: ReadonlyMap<number, readonly MisdatedRow[]>;
  versions: ReadonlyMap<string, readonly PlaceVersion[]>;
  peers: ReadonlyMap<string, PeerUse>;
}

const dayKey = (installId: number, date: string) => `${installId} ${date}`;
export const peerKey = ({ zone_id, usage_class, day }: PeerDay) => `${zone_id}\n${usage_class}\n${day}`;

/**
 * @param registersFrom reads registers beside the transaction: another connection, so that the server does both at once
 * @param wanted one an install; its days are cut to the time that the meter stood there
 */
export async function readKnown(
  from: Transaction,
  registersFrom: Queryable,
  days: LocalDays,
  wanted: readonly JudgedSpan[],
): Promise<KnownOfSpans> {
  const ids = wanted.map((one) => one.install_id);
  const [installs, spanned] = [await listInstallPlaces(from, ids), spanOf(wanted)];
  const wantedOf = new Map(wanted.map((one) => [one.install_id, one]));
  const spans = installs.flatMap((install) => stoodSpan(days, install, wantedOf.get(install.install_id)));
  const curves = roughCurves(registersFrom, spans);
  // Whoever awaits it below is told; until then nobody is.
  curves.catch(() => {});
  const stored = await listUseDays(from, ids, spanned);
  const estimated = await listEstimates(from, ids, spanned);
  const known = await listHoursText(
    from,
    spans.map(({ install: { install_id }, first, last }) => ({
      ...{ install_id, from: dayBefore(first.date, historyDays), to: last.date },
    })),
  );
  const versions = groupedBy(
    await listPlaceVersions(from, [...new Set(spans.map(({ install }) => install.service_point_id))]),
    (version) => version.service_point_id,
  );
  return {
    ...{ spans, known, versions },
    hours: new Map(stored.map((one) => [dayKey(one.install_id, one.day), one.hours_l])),
    estimates: new Map(estimated.map((one) => [dayKey(one.install_id, one.day), one.hours_l])),
    misdated: await misdatedOf(from, spans),
    peers: await peersOf(from, days, spans, versions),
    curves: await curves,
  };
}

const spanOf = (wanted: readonly JudgedSpan[]) => ({
  from: wanted.map((one) => one.from).sort()[0] ?? 'infinity',
  to:
    wanted
      .map((one) => one.to)
      .sort()
      .at(-1) ?? '-infinity',
});

function stoodSpan(days: LocalDays, install: InstallPlace, wanted: JudgedSpan | undefined): StoodSpan[] {
  if (wanted === undefined) return [];
  const from_ms = Math.max(days.on(wanted.from).start_ms, install.from_ms);
  const until_ms = Math.min(days.on(wanted.to).end_ms, install.until_ms ?? Number.POSITIVE_INFINITY);
  return from_ms < until_ms ? [{ install, first: days.at(from_ms), last: days.at(until_ms - 1) }] : [];
}

/** Of the installs whose registers don't all go plainly forward; the others' need no second look. */
async function roughCurves(from: Queryable, spans: readonly StoodSpan[]): Promise<Map<number, MeterCurve>> {
  const asked = spans.map(({ install, first, last }) => ({
    meterId: install.meter_id,
    ...{ from_ms: first.start_ms, to_ms: last.end_ms },
  }));
  const rough = new Set<number>();
  for (const { place, instants, registers, isDisputed } of await listToldSpans(from, asked)) {
    const most_l_per_h = mostFlow_l_per_h(spans[place]?.install.bore_mm ?? 0);
    if (isDisputed || !goesForward(instants, registers, most_l_per_h)) rough.add(place);
  }
  // What fitters read off is in no table of readings.
  for (const [place, { install, first, last }] of spans.entries()) {
    const isOpened = install.from_ms >= first.start_ms;
    if (isOpened || (install.until_ms !== null && install.until_ms <= last.end_ms)) rough.add(place);
  }
  const questions = new Map<number, { meterId: number; from_ms: number; to_ms: number }>();
  for (const place of rough) {
    const span = asked[place];
    if (span === undefined) continue;
    const other = questions.get(span.meterId) ?? span;
    const from_ms = Math.min(other.from_ms, span.from_ms);
    questions.set(span.meterId, { meterId: span.meterId, from_ms, to_ms: Math.max(other.to_ms, span.to_ms) });
  }
  return curvesOver(from, [...questions.values()]);
}

async function misdatedOf(from: Transaction, spans: readonly StoodSpan[]): Promise<Map<number, MisdatedRow[]>> {
  const span = {
    from_ms: Math.min(...spans.map(({ first }) => first.start_ms)),
    to_ms: Math.max(...spans.map(({ last }) => last.end_ms - 1)),
  };
  const meterIds = spans.map(({ install }) => install.meter_id);
  const rows = spans.length === 0 ? [] : await listMisdated(from, meterIds, span);
  return groupedBy(rows, (row) => row.meter_id);
}

async function peersOf(
  from: Transaction,
  days: LocalDays,
  spans: readonly StoodSpan[],
  versions: ReadonlyMap<string, readonly PlaceVersion[]>,
): Promise<Map<string, PeerUse>> {
  const wanted = peerDaysOf(days, spans, versions);
  const stored = await listPeerUse(from, wanted);
  const known = new Map(stored.map((one) => [peerKey(one), one]));
  const absent = wanted.filter((one) => !known.has(peerKey(one)));
  if (absent.length === 0) return known;
  await putPeerUse(from, absent);
  for (const one of await listPeerUse(from, absent)) known.set(peerKey(one), one);
  return known;
}

function peerDaysOf(
  days: LocalDays,
  spans: readonly StoodSpan[],
  versions: ReadonlyMap<string, readonly PlaceVersion[]>,
): (PeerDay & { start_ms: number })[] {
  const wanted = new Map<string, PeerDay & { start_ms: number }>();
  for (const { install, first, last } of spans) {
    const ofPlace = versions.get(install.service_point_id) ?? [];
    for (let day = first; day.start_ms <= last.start_ms; day = days.after(day)) {
      const place = placeAt(ofPlace, day.start_ms);
      if (place === null || place.purpose === 'inlet') continue;
      const { zone_id, usage_class } = place;
      const peer = { zone_id, usage_class, day: day.date, start_ms: day.start_ms };
      wanted.set(peerKey(peer), peer);
    }
  }
  return [...wanted.values()];
}

/**
 * Whose figures are to be worked out anew when the use of these days, or what holds of the place, has changed: of every zone
 * and class that the place was ever put down for, since it may have left one of them.
 */
export async function peersOfSpans(
  from: Transaction,
  days: LocalDays,
  wanted: readonly JudgedSpan[],
): Promise<PeerDay[]> {
  const wantedOf = new Map(wanted.map((one) => [one.install_id, one]));
  const installs = await listInstallPlaces(from, [...wantedOf.keys()]);
  const places = [...new Set(installs.map((install) => install.service_point_id))];
  const versions = groupedBy(await listPlaceVersions(from, places), (version) => version.service_point_id);
  const spans = installs.flatMap((install) => stoodSpan(days, install, wantedOf.get(install.install_id)));
  const found = new Map<string, PeerDay>();
  for (const { install, first, last } of spans) {
    const ofPlace = versions.get(install.service_point_id) ?? [];
    for (let day = first; day.start_ms <= last.start_ms; day = days.after(day)) {
      for (const { zone_id, usage_class } of ofPlace) {
        const peer = { zone_id, usage_class, day: day.date };
        found.set(peerKey(peer), peer);
      }
    }
  }
  return [...found.values()];
}

function* daysOf(days: LocalDays, known: KnownOfSpans, { install, first, last }: StoodSpan): Generator<JudgedDay> {
  const { install_id, meter_id, bore_mm, dials } = install;
  const { wrapsAt_l } = dialOf({ dials, bore_mm });
  const curve = known.curves.get(meter_id);
  const past = pastDaysOf(known.known.get(install_id) ?? '');
  for (let day = first; day.start_ms <= last.start_ms; day = days.after(day)) {
    const place = placeAt(known.versions.get(install.service_point_id) ?? [], day.start_ms);
    const limits = limitsOf(place?.usage_class ?? '', bore_mm);
    const key = dayKey(install_id, day.date);
    const hours_l = known.hours.get(key) ?? [];
    const registers = curve && registersOfDay(curve, day, { wrapsAt_l, most_l_per_h: limits.most_l_per_h });
    yield {
      ...{ day, limits, hours_l },
      stood: {
        from_ms: Math.max(day.start_ms, install.from_ms),
        to_ms: Math.min(day.end_ms, install.until_ms ?? day.end_ms),
      },
      estimated: new Set(known.estimates.get(key)?.flatMap((use_l, hour) => (use_l === null ? [] : [hour]))),
      past: past(day.date),
      peers:
        place && place.purpose !== 'inlet' ? (known.peers.get(peerKey({ ...place, day: day.date })) ?? null) : null,
      steps: registers?.steps ?? [],
      conflicts: registers?.conflicts ?? null,
      misdated: misdatedIn(known.misdated.get(meter_id) ?? [], day, install),
    };
  }
}

function misdatedIn(rows: readonly MisdatedRow[], day: LocalDay, install: InstallPlace): JudgedDay['misdated'] {
  const from_ms = Math.max(day.start_ms, install.from_ms);
  const until_ms = Math.min(day.end_ms, install.until_ms ?? day.end_ms);
  const ofDay = rows.filter(({ received_ms }) => received_ms >= from_ms && received_ms < until_ms);
  const [first, last] = [ofDay[0], ofDay.at(-1)];
  if (first === undefined || last === undefined) return null;
  const told = ofDay.map(({ measured_ms }) => measured_ms);
  return {
    ...{ readings: ofDay.length, first_ms: first.received_ms, last_ms: last.received_ms },
    earliest: isoInstant(Math.min(...told)),
    latest: isoInstant(Math.max(...told)),
  };
}

function groupedBy<K, V>(rows: readonly V[], keyOf: (row: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
