// Judges a zone's silences together: many at once are one alarm of the zone, behind which they stand.
import type { Transaction } from '../../platform/postgres/database.ts';
import { alarmLimits } from './alarm-limits.ts';
import {
  changeAlarms,
  countStandingMeters,
  listSilences,
  listStandingOfZone,
  openAlarms,
  putBehindZone,
} from './alarm-store.ts';
import type { JudgedAlarm } from './judge-alarms.ts';
import { matchAlarms } from './matched-alarms.ts';
import { zoneAlarm, zoneOutages } from './zone-outages.ts';

/** How long a notice waits, by the alarm's kind. */
export function noticeDelay(kind: string): number {
  return kind === 'silent' ? alarmLimits.silenceWaits_ms : 0;
}

/** @param changed_ms when the earliest silence of the zone that is otherwise now began */
export async function judgeZone(
  transaction: Transaction,
  zoneId: string,
  changed_ms: number,
  now_ms: number,
): Promise<void> {
  const standing = await listStandingOfZone(transaction, zoneId, zoneAlarm.kind);
  const reached = standing.filter(({ ended_ms }) => ended_ms === null || ended_ms >= changed_ms);
  const from_ms = Math.min(changed_ms, ...reached.map(({ began_ms }) => began_ms));
  const silences = await listSilences(transaction, zoneId, from_ms);
  const judged = zoneOutages(silences, await countStandingMeters(transaction, zoneId))
    .filter(({ began_ms }) => began_ms >= from_ms)
    .map(
      ({ began_ms, ended_ms, meters }): JudgedAlarm => ({
        ...{ kind: zoneAlarm.kind, began_ms, ended_ms, grade: 3, times: 1, amount: meters },
      }),
    );
  const { opened, changed } = matchAlarms(reached, judged);
  const ofZone = { install_id: null, service_point_id: null, zone_id: zoneId };
  await openAlarms(
    transaction,
    opened.map((alarm) => ({ ...alarm, ...ofZone })),
    now_ms,
    noticeDelay,
  );
  await changeAlarms(transaction, changed, now_ms, noticeDelay);
  await putBehindZone(transaction, zoneId, zoneAlarm.kind, alarmLimits.zoneBefore_ms);
}
