// What the service answers to the pages under test: one person, a few meters, a trace with a true Merkle proof.
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { anchorKey } from '../../src/anchoring/anchor-keys.ts';
import { toHex } from '../../src/anchoring/hexadecimal.ts';
import { encodeProof, proofToText } from '../../src/anchoring/proofs.ts';
import { credentialForm } from '../../src/identity/credentials/claim-form.ts';
import { credentialType } from '../../src/identity/credentials/credential-types.ts';
import { readRow } from '../../src/identity/issuing/import-row.ts';
import type { OfferImport } from '../../src/identity/issuing/offer-import.ts';
import type {
  Alarm,
  AlarmHistory,
  AlarmPage,
  AnchoringState,
  CareConsent,
  DeviceDetail,
  DeviceEvent,
  DeviceRow,
  Gateway,
  HouseholdNotice,
  IntakeActivity,
  MeterDetail,
  MeterRow,
  TraceStep,
  Use,
} from '../../web/shared/service-types.ts';
import { mapOf } from '../support/map-of.ts';

const hour_ms = 3_600_000;

const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

async function provenAnchor(status: Anchor['status']): Promise<Anchor> {
  const key = anchorKey('did', 'did:webvh:QmIssuer:localhost%3A8080:issuer');
  const others = Array.from({ length: 20 }, (_unused, index) => ({
    key: anchorKey('did', `did:${index}`),
    value: bytes(index + 1),
  }));
  const map = await mapOf([...others, { key, value: bytes(0xaa) }]);
  return {
    status,
    key: toHex(key),
    value: toHex(bytes(0xaa)),
    chain_id: 31_337,
    contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
    registry_id: toHex(bytes(1)),
    epoch: 12,
    root: toHex(map.root),
    transaction: toHex(bytes(0xc4)),
    block: 24,
    block_time: '2026-11-23T05:12:10Z',
    proof: proofToText(encodeProof(map.prove(key))),
  };
}

export const anchors = {
  final: await provenAnchor('final'),
  included: await provenAnchor('included'),
  /** A value that the proof does not lead to. */
  forged: { ...(await provenAnchor('final')), value: toHex(bytes(0xab)) },
};

export function traceWith(anchor: Anchor, revoked = false): TraceStep[] {
  const passed = (step: string, reason: string, ko: string, en: string): TraceStep => ({
    step,
    outcome: 'passed',
    reason,
    detail: { ko, en },
  });
  return [
    passed('format', 'FORMAT_READ', 'SD-JWT VC 형식으로 읽었습니다.', 'Read as an SD-JWT VC.'),
    passed('signature', 'SIGNATURE_VALID', '발급 기관의 서명이 맞습니다.', "The issuer's signature is right."),
    passed('issuer', 'ISSUER_TRUSTED', '이 증명서를 발급할 수 있는 기관입니다.', 'May issue this type of credential.'),
    revoked
      ? {
          step: 'status',
          outcome: 'failed',
          reason: 'CREDENTIAL_REVOKED',
          detail: { ko: '발급 기관이 이 증명서를 폐지했습니다.', en: 'The issuer has revoked this credential.' },
          data: { status_list: 'http://localhost:8080/status-lists/1', index: 90_211, age_s: 4 },
        }
      : passed('status', 'NOT_REVOKED', '폐지되지 않았습니다.', 'It is not revoked.'),
    passed('validity', 'IN_PERIOD', '유효 기간 안입니다.', 'It is within its period.'),
    passed(
      'holder',
      'HOLDER_PROVEN',
      '증명서에 묶인 열쇠로 서명했습니다.',
      'Signed with the key the credential is bound to.',
    ),
    passed(
      'disclosures',
      'DISCLOSURES_MATCH',
      '보여 준 세 항목이 원본과 같습니다.',
      'All three disclosed claims match.',
    ),
    {
      step: 'anchor',
      outcome: 'passed',
      reason: 'ANCHOR_PROVEN',
      detail: { ko: '발급 기관의 DID가 공개 장부에 있습니다.', en: "The issuer's DID is on the public ledger." },
      anchor,
    },
  ];
}

export const me = {
  service_point: 'SP-000017',
  role: 'owner',
  from: '2024-03-01',
  until: null,
  signed_in_at: '2026-11-23T05:20:00Z',
};

export const myMeter = {
  service_point: 'SP-000017',
  address_zone: '한강-3구역',
  meter: { serial: '23165017', model: 'SEOUL-DIGITAL', bore_mm: 15, format: 'seoul-digital' },
  last_reading: {
    measured_at: '2026-11-23T05:00:00Z',
    received_at: '2026-11-23T05:00:04Z',
    register_l: 225_151,
    flags: ['leak'],
  },
  last_alarm: { flag: 'leak', measured_at: '2026-11-23T05:00:00Z' },
};

/** A household's day, with a gap: what the use routes answer for any stretch. */
export function useAnswer(query: URLSearchParams): Use {
  const resolution = query.get('resolution') === 'day' ? 'day' : 'hour';
  const step_ms = resolution === 'day' ? 24 * hour_ms : hour_ms;
  const from_ms = Date.parse(query.get('from') ?? '');
  const to_ms = Date.parse(query.get('to') ?? '');
  const intervals: Use['intervals'] = [];
  for (let at_ms = from_ms; at_ms < to_ms; at_ms += step_ms) {
    const hour = new Date(at_ms).getUTCHours();
    const busy = [21, 22, 23, 10, 11, 12].includes(hour);
    const index = intervals.length;
    intervals.push({
      start: new Date(at_ms).toISOString(),
      end: new Date(at_ms + step_ms).toISOString(),
      use_l: index > 17 && index < 21 ? null : (busy ? 38 : 4) * (resolution === 'day' ? 14 : 1) + ((index * 7) % 11),
    });
  }
  return { time_zone: 'Asia/Seoul', resolution, intervals };
}

const states = ['ok', 'ok', 'silent', 'alarm', 'never'] as const;

export const meters: MeterRow[] = Array.from({ length: 50 }, (_unused, index) => {
  const state = states[index % states.length] ?? 'ok';
  return {
    id: `meter-${index}`,
    serial: String(23_165_017 + index),
    model: 'SEOUL-DIGITAL',
    format: ['seoul-digital', 'senml+json', 'wmbus'][index % 3] ?? 'wmbus',
    service_point: `SP-${String(index + 17).padStart(6, '0')}`,
    zone: `한강-${(index % 4) + 1}구역`,
    bore_mm: 15,
    state,
    last_register_l: state === 'never' ? null : 225_151 + index * 733,
    last_measured_at: state === 'never' ? null : '2026-11-23T05:00:00Z',
    flags: state === 'alarm' ? ['leak', 'battery_low'] : [],
  };
});

export const totals = { ok: 120, silent: 34, alarm: 6, never: 40 };

export function meterDetail(id: string): MeterDetail {
  const row = meters.find((meter) => meter.id === id) ?? meters[0];
  if (row === undefined) throw new Error('there are no meters');
  return { ...row, usage_class: 'domestic', installed_at: '2021-05-04T00:00:00Z', readings_today: 14, conflicts: 0 };
}

export const quarantined = Array.from({ length: 3 }, (_unused, index) => ({
  id: `q-${index}`,
  received_at: '2026-11-23T05:04:00Z',
  device_id: `dev-${index}`,
  format: 'wmbus',
  problem: { code: 'CHECKSUM_WRONG', detail: 'block 2 of the telegram has CRC 0x1f2a where 0x91b3 is expected' },
  payload_hex: '2e44931578563412330333637a2a0020255923c95aaa26d1b2e7493bc2ad013ec4a6f6d3529b520edff0ea6def'.repeat(3),
}));

export const intake: IntakeActivity = {
  processes: [
    {
      ...{ id: '5f1c9a0e77b2d481', connections: 9_412, in_flight: 37 },
      ...{ started_at: '2026-11-20T01:00:00Z', told_at: '2026-11-23T05:04:58Z' },
    },
    {
      ...{ id: 'a03be6c1924df75e', connections: 8_877, in_flight: 12 },
      ...{ started_at: '2026-11-22T17:30:00Z', told_at: '2026-11-23T05:04:57Z' },
    },
  ],
  minutes: Array.from({ length: 60 }, (_unused, index) => {
    const messages = index === 59 ? 310 : 900 + ((index * 137) % 420);
    return {
      start: new Date(Date.UTC(2026, 10, 23, 4, 5 + index)).toISOString(),
      ...{ messages, readings: messages * 6, quarantined: index % 17 === 0 ? 2 : 0 },
      ...{ conflicts: index === 30 ? 1 : 0, refused: index % 9 === 0 ? 3 : 0 },
    };
  }),
};

export const gateways: Gateway[] = [
  {
    ...{ gateway_id: 'concentrator-hangang-3', formats: ['wmbus'], registered_at: '2026-03-02T02:00:00Z' },
    ...{ revoked: false, grants: 412 },
  },
  {
    ...{ gateway_id: 'chirpstack', formats: ['chirpstack'], registered_at: '2026-01-15T02:00:00Z' },
    ...{ revoked: true, grants: 0 },
  },
];

export const devices: DeviceRow[] = Array.from({ length: 12 }, (_unused, index) => ({
  device_id: `modem-${8_600_100 + index}`,
  formats: [['nbiot-kr', 'senml+json', 'wmbus'][index % 3] ?? 'wmbus'],
  meter_serial: index === 5 ? null : String(23_165_017 + index),
  has_secret: index % 4 !== 3,
  former_secret_until: index === 2 ? '2026-11-24T05:00:00Z' : null,
  revoked_at: index === 7 ? '2026-11-21T01:00:00Z' : null,
  revoked_reason: index === 7 ? '도난' : null,
}));

export function deviceDetail(id: string): DeviceDetail {
  const row = devices.find((device) => device.device_id === id) ?? devices[0];
  if (row === undefined) throw new Error('there are no devices');
  return {
    ...row,
    pins: [{ spki_sha256: '9f'.repeat(32), added_at: '2026-02-01T00:00:00Z' }],
    certificates: [
      {
        ...{ serial: '3b9d1f', issued_at: '2026-02-01T00:00:00Z', not_after: '2036-02-01T00:00:00Z' },
        ...{ revoked_at: null, revoked_reason: null },
      },
    ],
    actions: [
      {
        ...{ at: '2026-11-20T02:00:00Z', action: 'secret_rotated', by_program: false },
        ...{ subject: null, reason: null },
      },
      { at: '2026-02-01T00:00:00Z', action: 'claimed', by_program: true, subject: null, reason: null },
    ],
  };
}

export const deviceEvents: DeviceEvent[] = [
  {
    ...{ id: '4', device_id: 'modem-8600103', kind: 'clone' },
    detail: "6 connections took each other's place, from 10.20.0.7, 10.20.0.9",
    ...{ first_at: '2026-11-23T04:40:00Z', last_at: '2026-11-23T04:58:00Z', times: 6, closed_at: null },
  },
];

export const anchoring: AnchoringState = {
  trouble: null,
  changes_waiting: 12,
  place: { chain_id: 31337, contract: anchors.final.contract, registry_id: `0x${'0c'.repeat(32)}` },
  account: {
    address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
    balance_wei: '1234567890123456789',
    commits_left: 22_148,
  },
  nodes: [
    { host: 'rpc-1.busan.example:8545', state: 'in_use', block: 48_211 },
    { host: 'rpc-2.busan.example:8545', state: 'away', block: null },
  ],
  epochs: Array.from({ length: 20 }, (_unused, index) => ({
    epoch: 120 - index,
    status: index === 0 ? ('pending' as const) : index < 3 ? ('included' as const) : ('final' as const),
    changes: 1 + ((index * 37) % 900),
    made_at: '2026-11-23T05:04:00Z',
    root: `0x${'a1'.repeat(32)}`,
    transaction: `0x${'7f'.repeat(32)}`,
    block: index === 0 ? null : 48_210 - index * 3,
    block_time: index === 0 ? null : '2026-11-23T05:04:06Z',
    confirmations: index === 0 ? null : 2 + index * 3,
    sends: index === 0 ? 3 : 1,
    max_fee_gwei: 2.5,
  })),
};

export const madeOffer = {
  offer_id: 'offer-1',
  offer_uri:
    'openid-credential-offer://?credential_offer_uri=http%3A%2F%2Flocalhost%3A8080%2Foid4vci%2Foffers%2F0c6f3a5e8d1b',
  wallet_link:
    'http://localhost:8081/#/offer?uri=openid-credential-offer%3A%2F%2F%3Fcredential_offer_uri%3Dhttp%253A%252F%252Flocalhost%253A8080%252Foid4vci%252Foffers%252F0c6f3a5e8d1b',
  tx_code: '481726',
  expires_at: '2026-11-24T05:00:00Z',
};

export const issued = [
  {
    id: 'c-2',
    type: 'water-account',
    issued_at: '2026-11-20T02:00:00Z',
    state: 'valid',
    revoked_at: null,
    reason: null,
  },
  {
    id: 'c-1',
    type: 'water-account',
    issued_at: '2025-01-05T02:00:00Z',
    state: 'revoked',
    revoked_at: '2026-11-01T02:00:00Z',
    reason: '이사',
  },
];

const deskTypes = ['resident', 'household-benefit', 'merchant', 'utility-staff'];

export const deskForms = { types: deskTypes.map((id) => credentialForm(credentialType(id))) };

export const deskOffers = [
  {
    id: '1b8e4d5a-0000-4000-8000-000000000001',
    type: 'resident',
    reference: 'R-2026/118',
    tries_left: 5,
    import_id: null,
  },
  {
    id: '1b8e4d5a-0000-4000-8000-000000000002',
    type: 'household-benefit',
    reference: 'B-2026/0042',
    tries_left: 2,
    import_id: '7c1f0a52-0000-4000-8000-000000000001',
  },
].map((offer) => ({ ...offer, expires_at: '2026-11-26T05:25:00.000Z' }));

export const awaitingOffers = [
  {
    offer_id: '1b8e4d5a-0000-4000-8000-000000000003',
    type: 'household-benefit',
    reference: 'B-2026/0043',
    created_at: '2026-11-24T01:12:00.000Z',
    expires_at: '2026-11-28T05:25:00.000Z',
  },
];

export const deskCredentials = [
  {
    id: '9d2c7b31-0000-4000-8000-000000000001',
    type: 'resident',
    reference: 'R-2026/117',
    state: 'valid',
    reason: null,
    wallet: { event: 'credential_accepted', at: '2026-11-20T01:12:04.000Z' },
  },
  {
    id: '9d2c7b31-0000-4000-8000-000000000003',
    type: 'household-benefit',
    reference: 'B-2026/0042',
    state: 'suspended',
    reason: '분실 신고',
    wallet: { event: 'credential_failure', at: '2026-11-20T01:12:05.000Z' },
  },
  {
    ...{ id: '9d2c7b31-0000-4000-8000-000000000002', type: 'merchant', reference: 'M-77', state: 'revoked' },
    ...{ reason: '폐업', wallet: null },
  },
].map((credential) => ({ ...credential, issued_at: '2026-11-20T01:12:00.000Z' }));

export const offerImports: OfferImport[] = [
  {
    ...{ id: '7c1f0a52-0000-4000-8000-000000000002', type: 'household-benefit', state: 'running', rows: 10_000 },
    ...{ offered: 4_200, known: 12, open: 4_200, ended_at: null, deliverable: false },
  },
  {
    ...{
      id: '7c1f0a52-0000-4000-8000-000000000001',
      type: 'resident',
      state: 'done',
      rows: 250,
      offered: 240,
      known: 10,
    },
    ...{ open: 31, ended_at: '2026-11-20T01:13:00.000Z', deliverable: true },
  },
  {
    ...{
      id: '7c1f0a52-0000-4000-8000-000000000003',
      type: 'resident',
      state: 'cancelled',
      rows: 80,
      offered: 80,
      known: 0,
    },
    ...{ open: 0, ended_at: '2026-11-20T01:13:00.000Z', deliverable: false },
  },
].map((each) => ({ ...each, created_at: '2026-11-20T01:12:00.000Z' }) as OfferImport);

/** Faults as the service finds them. */
export const importFaults = [
  ...['R-1,김,,1990-02-30,부산', 'R-2,김,나루,1990-05-17,900517-1234567', '한글,김,나루,1990-05-17'].flatMap(
    (line, at) => {
      const heading = ['key', 'family_name', 'given_name', 'birth_date', 'address_district'];
      const read = readRow(credentialType('resident'), heading, line.split(','), at + 2, Date.UTC(2026, 10, 23));
      return 'faults' in read ? read.faults : [];
    },
  ),
];

export const auditEntries = [
  {
    id: 9,
    action: 'links_downloaded',
    duty: 'resident_clerk',
    type: 'resident',
    import_id: '7c1f0a52-0000-4000-8000-000000000001',
  },
  {
    id: 8,
    action: 'import_started',
    duty: 'command_line',
    type: 'resident',
    import_id: '7c1f0a52-0000-4000-8000-000000000001',
  },
  {
    ...{ id: 7, action: 'credential_replaced', duty: 'resident_clerk', type: 'resident' },
    ...{ credential_id: '9d2c7b31-0000-4000-8000-000000000001', offer_id: '1b8e4d5a-0000-4000-8000-000000000001' },
  },
  { id: 6, action: 'offer_made', duty: 'water_clerk', type: 'water-account', service_point: 'SP-000017' },
  { id: 5, action: 'signed_in', duty: 'administrator', type: null },
].map((entry) => ({
  ...{ at: '2026-11-23T05:12:10.000Z', actor: '5fb1c2d3e4a59687' },
  ...{ service_point: null, offer_id: null, credential_id: null, import_id: null },
  ...entry,
}));

const alarmKinds = [
  ['leak', '누수 의심', 'Leak suspected', 'l_per_h'],
  ['tamper', '훼손·자석', 'Tamper or magnet', null],
  ['zone_silent', '구역 통신 두절', 'Zone silent', 'meters'],
] as const;

const alarm = (index: number, kind: string, more: Partial<Alarm>): Alarm => ({
  ...{ id: String(900 - index), kind, service_point: `SP-${index + 10}`, zone: '한강-3구역' },
  meter: { id: String(index), serial: String(23_165_017 + index) },
  ...{ began_at: '2026-11-22T19:00:00Z', ended_at: null, grade: 2, times: 1, amount: null, state: 'open' },
  ...{ assigned_to: null, opened_at: '2026-11-23T05:00:00Z', behind: 0, ...more },
});

export const alarmPage: AlarmPage = {
  alarms: [
    alarm(0, 'zone_silent', { service_point: null, meter: null, grade: 3, amount: 212, behind: 212 }),
    alarm(1, 'leak', { grade: 3, amount: 14, times: 3 }),
    alarm(2, 'tamper', { grade: 3, state: 'acknowledged', assigned_to: '현장 1팀' }),
    alarm(3, 'leak', { amount: 2, ended_at: '2026-11-23T04:00:00Z', state: 'acknowledged' }),
    alarm(4, 'something_new', { grade: 1 }),
  ],
  next_cursor: null,
  waiting: [
    { kind: 'leak', open: 1, acknowledged: 1 },
    { kind: 'tamper', open: 0, acknowledged: 1 },
    { kind: 'zone_silent', open: 1, acknowledged: 0 },
  ],
  kinds: alarmKinds.map(([kind, ko, en, unit]) => ({
    ...{ kind, label: { ko, en }, unit },
    advice: { ko: '현장에서 확인합니다.', en: 'Look at it on site.' },
  })),
};

export const alarmHistory: AlarmHistory = {
  alarm: alarm(1, 'leak', { grade: 3, amount: 14, times: 3 }),
  events: [
    ['assigned', 'ab12cd34ef56ab78', '오늘 오후 방문', '누수팀'],
    ['acknowledged', 'ab12cd34ef56ab78', null, null],
    ['changed', null, null, null],
    ['opened', null, null, null],
  ].map(([what, actor, why, assigned_to], index) => ({
    ...{ id: String(9 - index), at: '2026-11-23T05:00:00Z', what: what ?? '', actor: actor ?? null, why: why ?? null },
    ...{ began_at: '2026-11-22T19:00:00Z', ended_at: null, times: 1, assigned_to: assigned_to ?? null },
  })),
};

export const householdNotices: { notices: HouseholdNotice[] } = {
  notices: [
    {
      kind: 'leak',
      label: { ko: '누수 의심', en: 'Leak suspected' },
      advice: {
        ko: '수도꼭지를 모두 잠근 뒤 계량기가 도는지 봐 주세요.',
        en: 'Close every tap and see whether the meter turns.',
      },
      ...{ began_at: '2026-11-21T15:00:00Z', ended_at: null },
    },
  ],
};

export const careConsent: CareConsent = {
  can_tell: true,
  consent: {
    given_at: '2026-11-01T03:00:00Z',
    contacts: [
      { email: 'daughter@home.example', called: '어머니 댁' },
      { email: 'neighbour@home.example', called: '앞집' },
    ],
    away: [{ id: '0b8f5c1e-0000-4000-8000-000000000001', from: '2026-12-24', until: '2026-12-31' }],
  },
};
