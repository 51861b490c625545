// What the service answers about a city's zones, its completeness and registry: nested zones, gaps, a leak that grows.
import type {
  Balance,
  IncompleteMeters,
  PeriodBalance,
  PlaceExceptions,
  PlaceHistory,
  PlacePage,
  ReadRate,
  RegistryImports,
  Zone,
  ZoneDetail,
} from '../../web/utility/zone-types.ts';

const DAY_ms = 86_400_000;

function balanceOf(input_l: number | null, used_l: number, missing: number, night: number | null): Balance {
  const whole = input_l !== null && missing === 0;
  return {
    ...{ inlets: 2, hours: 24, bridged_hours: 0, missing_hours: input_l === null ? 5 : 0 },
    ...{ known_inflow_l: input_l ?? 410_000, meter_hours: 24_000, estimated_meter_hours: 0 },
    ...{ missing_meter_hours: missing, system_input_l: input_l, billed_metered_l: used_l, unbilled_metered_l: 2_400 },
    authorised_consumption_l: whole ? used_l + 2_400 : null,
    water_losses_l: whole ? input_l - used_l - 2_400 : null,
    water_losses_at_most_l: input_l === null ? null : input_l - used_l - 2_400,
    non_revenue_water_l: whole ? input_l - used_l : null,
    non_revenue_share: whole ? (input_l - used_l) / input_l : null,
    night_flow_l_per_s: night,
  };
}

const noInlets: Balance = { ...balanceOf(null, 310_000, 0, null), inlets: 0, missing_hours: 24, known_inflow_l: null };

function zoneOf(zone_id: string, name: string, parent_zone_id: string | null, index: number): Zone {
  const yesterday = [
    balanceOf(812_000, 690_400, 0, 1.9),
    balanceOf(430_000, 371_000, 38, 1.2),
    balanceOf(null, 371_000, 0, null),
  ];
  return {
    ...{ zone_id, name, parent_zone_id, places: 1_000 + index * 37, inlets: index === 3 ? 0 : 2 },
    yesterday: index === 3 ? noInlets : (yesterday[index % 3] ?? null),
    month: index === 3 ? noInlets : balanceOf(24_310_000 - index * 900_000, 20_900_000 - index * 800_000, 0, 1.7),
    nights_l_per_s: Array.from({ length: 30 }, (_unused, day) =>
      index === 3 || (day + index) % 11 === 7 ? null : 1.2 + day * 0.02 * (index + 1) + ((day * 7) % 5) * 0.06,
    ),
  };
}

export const zones: Zone[] = [
  zoneOf('hw', '해운대 배수지', null, 0),
  zoneOf('hw-1', '해운대 1블록', 'hw', 1),
  zoneOf('hw-2', '해운대 2블록', 'hw', 2),
  zoneOf('hw-2-a', '해운대 2블록 가', 'hw-2', 3),
  zoneOf('sy', '수영 배수지', null, 4),
];

export const zoneDetail = (id: string): ZoneDetail => {
  const zone = zones.find((each) => each.zone_id === id) ?? zones[0];
  if (zone === undefined) throw new Error('there are no zones');
  return { ...zone, first_day: '2025-11-01', leakage_l_per_s_a_year: 0.84 };
};

const dateAt = (at_ms: number): string => new Date(at_ms).toISOString().slice(0, 10);

export function balancesOf(query: URLSearchParams): {
  time_zone: string;
  balances: PeriodBalance[];
  next_cursor: null;
} {
  const from_ms = Date.parse(`${query.get('from')}T00:00:00Z`);
  const until_ms = Date.parse(`${query.get('until')}T00:00:00Z`);
  const balances: PeriodBalance[] = [];
  for (let at_ms = from_ms; at_ms < until_ms; at_ms += DAY_ms) {
    const index = balances.length;
    const input_l = index % 13 === 6 ? null : 800_000 + Math.round(Math.sin(index / 3) * 60_000) + index * 900;
    const used_l = 690_000 + Math.round(Math.sin(index / 3.3) * 52_000);
    balances.push({
      period: dateAt(at_ms),
      ...balanceOf(input_l, used_l, index % 9 === 4 ? 31 : 0, input_l === null ? null : 1.6 + index * 0.004),
    });
  }
  if (query.get('by') !== 'month') return { time_zone: 'Asia/Seoul', balances, next_cursor: null };
  const months = [...new Set(balances.map(({ period }) => period.slice(0, 7)))];
  return {
    time_zone: 'Asia/Seoul',
    balances: months.map((period, index) => ({
      period,
      ...balanceOf(24_000_000 + index * 90_000, 20_800_000, 0, 1.7),
    })),
    next_cursor: null,
  };
}

export const zonePlaces = {
  places: Array.from({ length: 50 }, (_unused, index) => ({
    service_point_id: `SP-${String(index + 17).padStart(6, '0')}`,
    ...{ zone_id: 'hw-1', usage_class: 'domestic', purpose: index === 0 ? 'inlet' : 'billed' },
    meter: index === 3 ? null : { id: String(index + 1), serial: String(23_165_017 + index) },
  })),
  next_cursor: 'SP-000066',
};

function rateOf(of: Pick<ReadRate, 'day' | 'zone_id' | 'model'>, expected: number, lost: number): ReadRate {
  const lost_radio = Math.floor(lost * 0.6);
  const lost_meter = Math.floor(lost * 0.2);
  const lost_clock = Math.floor(lost * 0.1);
  return {
    ...of,
    ...{ meters: Math.round(expected / 24), expected, arrived: expected - lost - 12, late: 12, estimated: 0 },
    ...{ lost_radio, lost_meter, lost_clock, lost_broker: 0, lost_validation: 0 },
    lost_decode: lost - lost_radio - lost_meter - lost_clock,
  };
}

export function readRates(query: URLSearchParams): { rates: ReadRate[]; next_cursor: null } {
  const from_ms = Date.parse(`${query.get('from')}T00:00:00Z`);
  const until_ms = Date.parse(`${query.get('until')}T00:00:00Z`);
  const days = Array.from({ length: (until_ms - from_ms) / DAY_ms + 1 }, (_unused, index) =>
    dateAt(from_ms + index * DAY_ms),
  );
  const by = query.get('by');
  const none = { day: null, zone_id: null, model: null };
  const rates =
    by === 'day'
      ? days.map((day) => rateOf({ ...none, day }, 120_000, 3_100))
      : by === 'model'
        ? ['SEOUL-DIGITAL', 'KAMSTRUP-21'].map((model, index) =>
            rateOf({ ...none, model }, 900_000, 9_000 + index * 80_000),
          )
        : zones.flatMap(({ zone_id }, row) =>
            days.map((day, column) =>
              rateOf({ ...none, zone_id, day }, 24_000, Math.min(23_000, ((row * 5 + column * 3) % 17) ** 3 * 3)),
            ),
          );
  return { rates, next_cursor: null };
}

export const incompleteMeters: IncompleteMeters = {
  meters: [
    ['23165017', 'AAAAAARRRRRRAAAAAAAAAAAA'],
    ['23165018', 'RRRRRRRRRRRRRRRRRRRRRRRR'],
    ['23165019', 'AALLLLAAMMAAAAAADDAACVAA'],
    ['23165020', 'AAAAAArrrrrrAAAAAAAABBAA'],
  ].map(([serial = '', hours = ''], index) => ({
    meter: { id: String(index + 1), serial, model: 'SEOUL-DIGITAL' },
    ...{ service_point_id: `SP-${String(index + 17).padStart(6, '0')}`, zone_id: 'hw-1', hours },
  })),
  next_cursor: null,
};

export const registryPlaces: PlacePage = {
  places: zonePlaces.places.map(({ service_point_id, usage_class, purpose, meter }, index) => ({
    ...{ service_point_id, usage_class, purpose, meter, households: 1 + (index % 3) },
    ...{ zone_id: 'hw-1', zone_name: '해운대 1블록' },
  })),
  next_cursor: 'SP-000066',
};

const facts = { zone_id: 'hw-1', zone_name: '해운대 1블록', usage_class: 'domestic', purpose: 'billed' };

export const placeHistory: PlaceHistory = {
  versions: [
    {
      ...{ ...facts, usage_class: 'bath', from_at: '2026-03-01T00:00:00Z', recorded_at: '2026-02-20T01:00:00Z' },
      ...{ households: 1, is_replaced: false },
    },
    {
      ...{ ...facts, from_at: '2024-12-31T15:00:00Z', recorded_at: '2026-01-05T01:00:00Z', households: 3 },
      is_replaced: false,
    },
    {
      ...{ ...facts, from_at: '2024-12-31T15:00:00Z', recorded_at: '2025-01-02T01:00:00Z', households: 2 },
      is_replaced: true,
    },
  ],
  installs: [
    {
      meter: { id: '2', serial: '24000001', model: 'SEOUL-DIGITAL', bore_mm: 15 },
      ...{ from_at: '2026-01-10T01:00:00Z', until_at: null, opening_register_l: 7, closing_register_l: null },
    },
    {
      meter: { id: '1', serial: '23165017', model: 'SEOUL-DIGITAL', bore_mm: 15 },
      ...{ from_at: '2024-12-31T15:00:00Z', until_at: '2026-01-10T01:00:00Z' },
      ...{ opening_register_l: 0, closing_register_l: 1_234_567 },
    },
  ],
  inlets: [
    {
      ...{ zone_id: 'hw-1', zone_name: '해운대 1블록', direction: 'in', from_at: '2024-12-31T15:00:00Z' },
      until_at: null,
    },
  ],
};

const named = (id: string, ko: string, en: string) => ({ id, name: { ko, en } });
const byClerk = { by_program: false, is_replaced: false };

export const placeExceptions: PlaceExceptions = {
  entered: [
    {
      ...{ kind: 'class_of', name: 'sewer', from: '2026-05-01', value: 'general', reason: '1층 상가 신고', ...byClerk },
      recorded_at: '2026-05-03T01:20:00Z',
    },
    {
      ...{ kind: 'count', name: 'persons', from: '2026-03-01', value: '4', reason: '전입', ...byClerk },
      recorded_at: '2026-03-04T02:00:00Z',
    },
    {
      ...{ kind: 'count', name: 'persons', from: '2026-03-01', value: '3', reason: '전입', ...byClerk },
      ...{ recorded_at: '2026-03-02T02:00:00Z', is_replaced: true },
    },
    {
      ...{ kind: 'without', name: 'sewr', from: '2025-01-01', value: 'yes', reason: null, is_replaced: false },
      ...{ recorded_at: '2024-12-30T02:00:00Z', by_program: true },
    },
  ],
  choices: {
    tariff: named('city', '도시 수도 요금', 'City water charges'),
    optional: [named('sewer', '하수도 요금', 'Sewer')],
    classed: [named('water', '상수도 요금', 'Water'), named('sewer', '하수도 요금', 'Sewer')],
    classes: [named('domestic', '가정용', 'domestic'), named('general', '일반용', 'general')],
    counts: [named('persons', '인원', 'persons')],
  },
};

export const registryImports: RegistryImports = {
  lists: [
    { list: 'zones', needed: ['zone_id', 'zone_name'], wanted: ['parent_zone_id'] },
    {
      list: 'places',
      needed: ['service_point', 'from_at', 'zone_id', 'usage_class'],
      wanted: ['households', 'purpose'],
    },
  ],
  imports: [
    {
      ...{ list: 'places', file_sha256: 'ab'.repeat(32), rows_done: 4_000, rows_all: 400_000 },
      updated_at: '2026-11-23T05:00:00Z',
    },
    {
      ...{ list: 'zones', file_sha256: 'cd'.repeat(32), rows_done: 400, rows_all: 400 },
      updated_at: '2026-11-23T04:00:00Z',
    },
  ],
};
