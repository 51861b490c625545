// Burst: for two hours as much as makes a pipe of this bore rush; over when it is half as much.
import { type AlarmKind, DAY_ms, HOUR_ms, nthEnds, runsOf, spanOf } from '../alarm-kind.ts';
import { flagSightings, together } from '../told-stretches.ts';

/** Pipes are laid out for 1 to 3 m/s; a home never keeps up the lower end for hours, a works may. */
const speed_m_per_s = { domestic: 1, other: 2.5 } as const;
const rushing_h = 2;

function rushing_l(bore_mm: number, usageClass: string): number {
  const section_m2 = (Math.PI / 4) * (bore_mm / 1_000) ** 2;
  const speed = usageClass === 'domestic' ? speed_m_per_s.domestic : speed_m_per_s.other;
  return Math.round(section_m2 * speed * 3_600 * 1_000);
}

export const kind: AlarmKind = {
  kind: 'burst',
  label: { ko: '관 파열 의심', en: 'Burst suspected' },
  advice: {
    ko: '바로 현장에 가서 밸브를 잠급니다.',
    en: 'Go there at once and close the valve.',
  },
  household: {
    ko: '평소와 다르게 아주 많은 물이 흐릅니다. 집을 비웠다면 바로 계량기 밸브를 잠가 주세요.',
    en: 'An unusual amount of water is running. If nobody is at home, close the valve at the meter at once.',
  },
  unit: 'l_per_h',
  memory_ms: (rushing_h + 2) * HOUR_ms,
  join_ms: DAY_ms,
  look: ({ hours, told, bore_mm, usageClass }) => {
    const most_l = rushing_l(bore_mm, usageClass);
    const rushing = runsOf(hours, ({ measured, use_l }) => measured && (use_l ?? 0) >= most_l);
    const calm = runsOf(hours, ({ measured, use_l }) => measured && (use_l ?? 0) < most_l / 2);
    const held = rushing
      .filter((run) => run.length >= rushing_h)
      .map((run) => ({
        ...spanOf(run),
        grade: 3 as const,
        amount: Math.max(...run.map(({ use_l }) => use_l ?? 0)),
      }));
    return together({ held, gone: nthEnds(calm, rushing_h) }, flagSightings(told, ['burst'], 3, 6 * HOUR_ms));
  },
};
