// Checks the readings of a proof: entries to leaves, leaves to trees, trees to the map, and registers to the bytes they came in.
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { Temporal } from 'temporal-polyfill';
import type { BillProof, ProofMeterDay, ProofZoneDay } from './bill-proof.ts';
import { rootFromPath, type Sha256 } from './merkle-tree.ts';
import {
  type ConflictEntry,
  type Entry,
  entriesDigest,
  entryHash,
  MARK_bytes,
  type MeterDayFacts,
  marksOf,
  meterDayLeaf,
  type ToldEntry,
  treeValue,
  type UplinkFacts,
  uplinkHash,
  uplinksDigest,
  zoneDayName,
} from './meter-day.ts';
import type { ProofBreak, Said } from './proof-steps.ts';
import { inMs } from './use-of-meter-days.ts';

/** What the check takes from elsewhere: anchoring's map, and the decoders. */
export interface ProofSeams {
  sha256: Sha256;
  /** The key in the map of a tree's name. */
  keyOf(kind: 'zone-day' | 'bill-tree', name: string): Uint8Array;
  /** Whether the map with this root holds the value. */
  mapHolds(root: Uint8Array, key: Uint8Array, value: Uint8Array, proof: string): boolean;
  /** What the bytes say: registers by instant; null where they can't be read here (sealed, or no decoder at hand). */
  decode(uplink: ShownUplink): readonly { at_ms: number; register_l: number }[] | null;
}

export interface ShownUplink {
  format: string;
  payload: Uint8Array;
  received_at_ms: number;
  serial: string;
  time_zone: string;
}

/** Whether a tree's value stands in the map of its epoch. */
export function isInMap(
  epochs: BillProof['epochs'],
  kind: 'zone-day' | 'bill-tree',
  name: string,
  { size, root, epoch, proof }: { size: number; root: Uint8Array | null; epoch: number; proof: string },
  seams: ProofSeams,
): boolean {
  const found = epochs.filter((one) => one.epoch === epoch);
  const [first] = found;
  if (root === null || first === undefined || found.length !== 1) return false;
  const value = treeValue(size, root, seams.sha256);
  return seams.mapHolds(hexToBytes(first.root.slice(2)), seams.keyOf(kind, name), value, proof);
}

export function bytesOfText(base64url: string): Uint8Array | null {
  try {
    const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
    const again = btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    return again === base64url ? Uint8Array.from(binary, (character) => character.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}

export interface CheckedDays {
  readings: ProofBreak[];
  bytes: ProofBreak[];
  /** Readings whose bytes said the same; those whose bytes can't be read here; those whose bytes are gone. */
  decoded: number;
  sealed: number;
  gone: number;
  /** Readings at the ends of the time: their bytes tell of another time too, and are not shown. */
  withheld: number;
  shown: number;
  hidden: number;
}

/** @param own the days that the bill is of: within them, all bytes are shown */
export function checkMeterDays(proof: BillProof, own: { first: string; last: string }, seams: ProofSeams): CheckedDays {
  const counts = { decoded: 0, sealed: 0, gone: 0, withheld: 0, shown: 0, hidden: 0 };
  const found: CheckedDays = { readings: [], bytes: [], ...counts };
  for (const zoneDay of proof.zone_days) {
    let isTreeBroken = false;
    for (const meterDay of zoneDay.meter_days) {
      const where = { day: zoneDay.day, meter: meterDay.meter, timeZone: meterDay.time_zone };
      checkLeaf(zoneDay, meterDay, where, found, seams);
      const { leaf, index, path } = meterDay;
      const root = rootFromPath(hexToBytes(leaf), index, zoneDay.size, path.map(hexToBytes), seams.sha256);
      if (!isInMap(proof.epochs, 'zone-day', zoneDayName(zoneDay), { ...zoneDay, root }, seams)) isTreeBroken = true;
      checkBytes(meterDay, where, zoneDay.day > own.first && zoneDay.day < own.last, found, seams);
    }
    if (isTreeBroken) found.readings.push({ day: zoneDay.day, says: notInMap(zoneDay) });
  }
  return found;
}

type Where = Required<Pick<ProofBreak, 'day' | 'meter'>> & { timeZone: string };

const placeOf = ({ day, meter }: Where): Pick<ProofBreak, 'day' | 'meter'> => ({ day, meter });

const notInMap = ({ zone, day, version }: ProofZoneDay): Said => ({
  ko: `${day}, 구역 ${zone}(${version}판): 이 날의 해시가 공개된 루트로 이어지지 않습니다.`,
  en: `${day}, zone ${zone} (version ${version}): the day's hash does not lead to the published root.`,
});

/** What is shown of a meter's day against the leaf that was hashed then. */
function checkLeaf(
  zoneDay: ProofZoneDay,
  of: ProofMeterDay,
  where: Where,
  found: CheckedDays,
  seams: ProofSeams,
): void {
  const { sha256 } = seams;
  const hashes = of.entries.map((entry) => ('hash' in entry ? hexToBytes(entry.hash) : entryHash(entry, sha256)));
  const uplinks = typeof of.uplinks === 'string' ? null : of.uplinks;
  const uplinkHashes = uplinks?.map((one) => ('hash' in one ? hexToBytes(one.hash) : uplinkHash(factsOf(one), sha256)));
  const digest = typeof of.uplinks === 'string' ? hexToBytes(of.uplinks) : uplinksDigest(uplinkHashes ?? [], sha256);
  const leaf = meterDayLeaf(dayFacts(zoneDay, of), entriesDigest(hashes, sha256), digest, sha256);
  const other: ProofBreak[] = [];
  for (const [at, entry] of of.entries.entries()) {
    if ('hash' in entry) found.hidden += 1;
    else found.shown += 1;
    if (isMarked(hashes[at], of.marks, at)) continue;
    other.push('hash' in entry ? { ...placeOf(where), says: otherHidden(where) } : otherReading(where, entry));
  }
  for (const [at, one] of (uplinks ?? []).entries()) {
    if (isMarked(uplinkHashes?.[at], of.uplink_marks, at)) continue;
    other.push({ ...placeOf(where), says: otherUplink(where, 'hash' in one ? null : one.uplink_id) });
  }
  const marked = hashes.length * MARK_bytes * 2 === of.marks.length;
  const uplinksMarked = (uplinkHashes?.length ?? 0) * MARK_bytes * 2 === of.uplink_marks.length;
  const isLeaf = bytesToHex(leaf) === of.leaf;
  if (isLeaf && other.length === 0 && marked && uplinksMarked) return;
  found.readings.push(...other);
  if (other.length === 0) found.readings.push({ ...placeOf(where), says: otherDay(where) });
}

function isMarked(hash: Uint8Array | undefined, marks: string, at: number): boolean {
  const digits = MARK_bytes * 2;
  return hash !== undefined && bytesToHex(marksOf([hash])) === marks.slice(at * digits, (at + 1) * digits);
}

function dayFacts({ zone, day }: ProofZoneDay, of: ProofMeterDay): MeterDayFacts {
  const { bore_mm, dials, from_us, install, meter, model, place, salt, time_zone, until_us } = of;
  return { bore_mm, day, dials, from_us, install, meter, model, place, salt, time_zone, until_us, zone };
}

const factsOf = ({ format, received_at_us, salt, sha256, uplink_id }: UplinkFacts): UplinkFacts => ({
  ...{ format, received_at_us, salt, sha256, uplink_id },
});

/** The bytes of each uplink against its hash, and what they say against the readings. */
function checkBytes(of: ProofMeterDay, where: Where, isWithin: boolean, found: CheckedDays, seams: ProofSeams): void {
  const shown = of.entries.filter((entry) => !('hash' in entry)) as Entry[];
  const told = shown.filter((entry) => 'uplink_id' in entry);
  if (typeof of.uplinks === 'string') {
    found.gone += told.length;
    return;
  }
  for (const one of of.uplinks) {
    if ('hash' in one) continue;
    const readings = told.filter(({ uplink_id }) => uplink_id === one.uplink_id);
    const payload = bytesOfText(one.payload);
    if (payload === null || bytesToHex(seams.sha256(payload)) !== one.sha256) {
      found.bytes.push({ ...placeOf(where), says: otherBytes(where, one.uplink_id) });
      continue;
    }
    const received_at_ms = one.received_at_us / 1_000;
    const said = seams.decode({
      ...{ format: one.format, payload, received_at_ms, serial: of.meter, time_zone: of.time_zone },
    });
    if (said === null) {
      found.sealed += readings.length;
      continue;
    }
    for (const entry of readings) {
      const at_ms = inMs(entry.measured_at_us);
      const same = said.filter((reading) => reading.at_ms === at_ms);
      if (same.some(({ register_l }) => register_l === entry.register_l)) found.decoded += 1;
      else found.bytes.push(notInBytes(where, entry, same[0]?.register_l ?? null));
    }
  }
  const uplinkIds = new Set(of.uplinks.flatMap((one) => ('hash' in one ? [] : [one.uplink_id])));
  for (const entry of told) {
    if (uplinkIds.has(entry.uplink_id)) continue;
    if (isWithin) found.bytes.push(notInBytes(where, entry, null));
    else found.withheld += 1;
  }
}

/** Local, as people read it: `2026-03-04 10:17:00`. */
function instant({ measured_at_us }: Entry, { timeZone }: Where): string {
  const at = Temporal.Instant.fromEpochMilliseconds(inMs(measured_at_us)).toZonedDateTimeISO(timeZone);
  return at.toPlainDateTime().toString({ smallestUnit: 'second' }).replace('T', ' ');
}

const kindNames: Readonly<Record<Entry['kind'], Said>> = {
  reading: { ko: '검침값', en: 'reading' },
  conflict: { ko: '어긋난 검침값', en: 'contradicting reading' },
  read_off: { ko: '현장 지침', en: 'register read off' },
  edit: { ko: '수정', en: 'edit' },
  estimate: { ko: '추정', en: 'estimate' },
};

function otherReading(where: Where, entry: Entry): ProofBreak {
  const told_l = entry.kind === 'estimate' ? `${entry.hours_l.join('+')} L` : `${entry.register_l ?? '-'} L`;
  return {
    ...placeOf(where),
    measured_at: instant(entry, where),
    says: {
      ko: `${where.day}, 계량기 ${where.meter}: ${instant(entry, where)}의 ${kindNames[entry.kind].ko}(${told_l})이 기록 당시와 다릅니다.`,
      en: `${where.day}, meter ${where.meter}: the ${kindNames[entry.kind].en} of ${instant(entry, where)} (${told_l.toLowerCase()}) is not the one that was hashed.`,
    },
  };
}

const otherHidden = ({ day, meter }: Where): Said => ({
  ko: `${day}, 계량기 ${meter}: 보이지 않는 검침값 하나의 해시가 기록 당시와 다릅니다.`,
  en: `${day}, meter ${meter}: the hash of a reading that is not shown is not the one of then.`,
});

const otherUplink = ({ day, meter }: Where, uplink: number | null): Said => ({
  ko: `${day}, 계량기 ${meter}: 전송 ${uplink ?? '(보이지 않음)'}의 바이트가 기록 당시와 다릅니다.`,
  en: `${day}, meter ${meter}: the bytes of uplink ${uplink ?? '(not shown)'} are not those that were hashed.`,
});

const otherDay = ({ day, meter }: Where): Said => ({
  ko: `${day}, 계량기 ${meter}: 이 날의 자료가 기록 당시의 해시와 맞지 않습니다.`,
  en: `${day}, meter ${meter}: what is shown of the day does not give the hash of then.`,
});

const otherBytes = ({ day, meter }: Where, uplink: number): Said => ({
  ko: `${day}, 계량기 ${meter}: 전송 ${uplink}의 바이트가 그 해시와 맞지 않습니다.`,
  en: `${day}, meter ${meter}: the bytes of uplink ${uplink} do not have its hash.`,
});

function notInBytes(where: Where, entry: ToldEntry | ConflictEntry, said_l: number | null): ProofBreak {
  const [ko, en] = said_l === null ? ['없습니다', 'does not tell it'] : [`${said_l} L입니다`, `says ${said_l} l`];
  return {
    ...placeOf(where),
    measured_at: instant(entry, where),
    says: {
      ko: `${where.day}, 계량기 ${where.meter}: ${instant(entry, where)}의 검침값은 ${entry.register_l} L인데, 계량기가 보낸 바이트에는 ${ko}.`,
      en: `${where.day}, meter ${where.meter}: the reading of ${instant(entry, where)} is ${entry.register_l} l; what the meter sent ${en}.`,
    },
  };
}
