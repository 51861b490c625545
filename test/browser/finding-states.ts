// The states of the inbox of findings and of a meter with estimates.
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { decisionFaults } from '../../src/metering/validation/decision-faults.ts';
import { faultsIn } from '../../src/platform/fault-texts.ts';
import type { CasePage, ShownCase, ShownRegister } from '../../web/utility/findings.ts';
import { type Answers, ok, refusal } from './mocked-service.ts';
import { useAnswer } from './page-answers.ts';
import type { PageState } from './page-state.ts';

const hour_ms = 3_600_000;
const begin_ms = Date.parse('2026-11-20T00:00:00Z');
const at = (hour: number) => new Date(begin_ms + hour * hour_ms).toISOString();

const rules = ['negative', 'missing', 'spike', 'unusual_for_zone', 'stuck'];
const page: CasePage = {
  cases: rules.map((rule, index) => ({
    ...{ finding: String(40 - index), rule, severity: [2, 3, 2, 1, 2][index] ?? 1, days: index === 1 ? 4 : 1 },
    ...{ first_day: '2026-11-18', last_day: '2026-11-21', service_point: `SP-00001${index}`, zone: '한강-3구역' },
    meter: { id: String(index + 1), serial: String(23_165_017 + index) },
  })),
  next_cursor: null,
  open: rules.map((rule, index) => ({ rule, open: index === 1 ? 4 : 1 })),
};

const shown: ShownCase = {
  ...{ install: '7', meter: '1', service_point: 'SP-000010', rule: 'negative' },
  findings: [
    {
      ...{ id: '40', day: '2026-11-21', from: at(30), to: at(33), severity: 2, state: 'open' },
      evidence: { measured: 224_800, unit: 'l', readings: 2, breaks: 0 },
    },
    {
      ...{ id: '31', day: '2026-11-02', from: '2026-11-02T03:00:00Z', to: '2026-11-02T04:00:00Z', severity: 1 },
      ...{ state: 'accepted', evidence: { measured: 3, unit: 'l', readings: 1, breaks: 0 } },
    },
  ],
  history: [
    { at: at(60), what: 'opened', day: '2026-11-21', actor: null, reason: null },
    { at: at(20), what: 'accepted', day: '2026-11-02', actor: '9f3c01ab', reason: '역류 방지기 교체 중' },
  ],
  edits: [
    {
      ...{ id: '5', at: at(40), deed: 'void', register_l: null, edited_at: at(70), actor: '9f3c01ab' },
      reason: '옆집 계량기의 지침',
    },
  ],
  estimates: [
    {
      ...{ day: '2026-11-21', version: 1, method: 'own_profile', hours: 3, sum_l: 120, made_at: at(71) },
      ...{ actor: '9f3c01ab', rule: null, reason: '통신 장애' },
    },
    {
      ...{ day: '2026-11-21', version: 2, method: 'withdrawn', hours: 0, sum_l: 0, made_at: at(72) },
      ...{ actor: null, rule: 'measured', reason: 'measured after all' },
    },
  ],
};

const registers: ShownRegister[] = Array.from({ length: 73 }, (_, hour) => {
  const register_l = 225_151 + hour * 24 + (hour % 5) * 3;
  if (hour === 31 || hour === 32) return { at: at(hour), register_l: 351, state: 'left_out' };
  return { at: at(hour), register_l, state: hour === 40 ? 'voided' : hour === 50 ? 'set' : 'counts' };
});

const { problem: _english, ...notOver } = faultsIn(decisionFaults)('not_over', { day: '2026-11-23' });

const answers: Answers = {
  'GET /api/utility/zones': () =>
    ok({ time_zone: 'Asia/Seoul', zones: [{ id: 'z3', name: '한강-3구역' }], next_cursor: null }),
  'GET /api/utility/findings': () => ok(page),
  'GET /api/utility/findings/*': () => ok(shown),
  'POST /api/utility/findings/*/accept': () => ok({ accepted: 1 }),
  'GET /api/utility/meters/*/registers': () => ok({ registers }),
  'POST /api/utility/meters/*/reading-edits': (_url, sent) =>
    isDeepStrictEqual(JSON.parse(sent ?? ''), {
      ...{ at: '2026-11-23T05:00:00.000Z', deed: 'add', register_l: 225_880, reason: '사진으로 확인' },
    })
      ? ok({ id: '6' })
      : refusal(422, 'EDIT_IMPOSSIBLE'),
  'GET /api/utility/meters/*/use': (url) => {
    const use = useAnswer(url.searchParams);
    const intervals = use.intervals.map((one, index) =>
      index > 24 && index < 30 && one.use_l !== null ? { ...one, estimated_l: one.use_l } : one,
    );
    return ok({ ...use, intervals });
  },
};

export const findingStates: PageState[] = [
  {
    ...{ name: 'console: validation inbox', on: 'site', path: '/utility/#/validation', answers },
    act: (visited) => visited.getByTestId('finding-case').first().waitFor(),
  },
  {
    ...{ name: 'console: a finding, accepted', on: 'site', path: '/utility/#/validation/40', answers },
    act: async (visited) => {
      await visited.getByTestId('register-chart').waitFor();
      await visited.getByTestId('use-chart').waitFor();
      await visited.getByTestId('deed-reason').fill('현장에서 확인');
      await visited.getByTestId('deed-send').click();
      await visited.getByTestId('deed-done').waitFor();
    },
  },
  {
    ...{ name: 'console: a finding, a reading to be voided', on: 'site', path: '/utility/#/validation/40', answers },
    act: async (visited) => {
      await visited.getByTestId('deed').selectOption('void');
      await visited.getByTestId('deed-at').selectOption({ index: 2 });
      await visited.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })");
    },
  },
  {
    ...{ name: 'console: a meter with estimates', on: 'site', path: '/utility/#/meters/meter-1', answers },
    act: (visited) => visited.getByTestId('use-chart').waitFor(),
  },
  {
    ...{ name: 'console: a reading added to a meter', on: 'site', path: '/utility/#/meters/meter-1', answers },
    act: async (visited) => {
      await visited.getByTestId('reading-form').locator('summary').click();
      await visited.getByTestId('reading-at').fill('2026-11-23T14:00');
      await visited.getByTestId('reading-register').fill('225.88');
      await visited.getByTestId('reading-reason').fill('사진으로 확인');
      await visited.getByTestId('reading-add').click();
      await visited.getByTestId('reading-added').waitFor();
    },
  },
  {
    ...{ name: 'console: an estimate that is refused', on: 'site', path: '/utility/#/validation/40' },
    answers: {
      ...answers,
      'POST /api/utility/installs/*/estimates': () => refusal(409, 'ESTIMATE_IMPOSSIBLE', { fault: notOver }),
    },
    act: async (visited) => {
      await visited.getByTestId('deed').selectOption('estimate');
      await visited.getByTestId('deed-reason').fill('통신 장애');
      await visited.getByTestId('deed-send').click();
      await visited.getByTestId('problem').waitFor();
      expect(await visited.getByTestId('problem').textContent()).toContain('2026-11-23');
    },
  },
];
