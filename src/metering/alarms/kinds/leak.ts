// Leak: for a day no hour in which nothing flows; graver where it goes on for three days, and for who may well use water at
// night only then.
import { type AlarmKind, DAY_ms, HOUR_ms, nthEnds, runsOf, spanOf } from '../alarm-kind.ts';
import { flagSightings, together } from '../told-stretches.ts';

/** Litres in an hour, below which it is still: the least that every register shows. */
const flowing_l = 1;
const suspect_h = 24;
const certain_h = 72;
/** Still hours one after another that end it: of a drop of a litre now and then a single one may come by rounding. */
const still_h = 2;

export const kind: AlarmKind = {
  kind: 'leak',
  label: { ko: '누수 의심', en: 'Leak suspected' },
  advice: {
    ko: '모든 수도꼭지를 잠그고 계량기가 도는지 확인합니다.',
    en: 'Close every tap and see whether the meter still turns.',
  },
  household: {
    ko: '물이 하루 넘게 멈추지 않고 흐릅니다. 수도꼭지를 모두 잠근 뒤 계량기가 도는지 봐 주세요. 변기에서 새는 일이 가장 많습니다.',
    en: 'Water has been running for more than a day without a stop. Close every tap and see whether the meter still turns. Most often it is the toilet.',
  },
  unit: 'l_per_h',
  memory_ms: (certain_h + 2) * HOUR_ms,
  join_ms: 3 * DAY_ms,
  look: ({ hours, told, usageClass }) => {
    const enough_h = usageClass === 'domestic' ? suspect_h : certain_h;
    const flowing = runsOf(hours, ({ measured, use_l }) => measured && (use_l ?? 0) >= flowing_l);
    const still = runsOf(hours, ({ measured, use_l }) => measured && (use_l ?? 0) < flowing_l);
    const held = flowing
      .filter((run) => run.length >= enough_h)
      .map((run) => ({
        ...spanOf(run),
        grade: run.length >= certain_h && usageClass === 'domestic' ? (3 as const) : (2 as const),
        amount: Math.min(...run.map(({ use_l }) => use_l ?? 0)),
      }));
    return together({ held, gone: nthEnds(still, still_h) }, flagSightings(told, ['leak'], 2, DAY_ms));
  },
};
