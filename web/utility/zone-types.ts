// What the service answers about zones, completeness and the registry.

export interface Balance {
  inlets: number;
  hours: number;
  bridged_hours: number;
  missing_hours: number;
  known_inflow_l: number | null;
  meter_hours: number;
  estimated_meter_hours: number;
  missing_meter_hours: number;
  system_input_l: number | null;
  billed_metered_l: number;
  unbilled_metered_l: number;
  authorised_consumption_l: number | null;
  water_losses_l: number | null;
  water_losses_at_most_l: number | null;
  non_revenue_water_l: number | null;
  non_revenue_share: number | null;
  night_flow_l_per_s: number | null;
}

export type PeriodBalance = Balance & { period: string };

export interface Zone {
  zone_id: string;
  name: string;
  parent_zone_id: string | null;
  places: number;
  inlets: number;
  yesterday: Balance | null;
  month: Balance | null;
  nights_l_per_s: (number | null)[];
}

export interface ZonePage {
  time_zone: string;
  zones: Zone[];
  next_cursor: string | null;
}

export type ZoneDetail = Zone & { first_day: string | null; leakage_l_per_s_a_year: number | null };

export interface ZonePlaces {
  places: {
    service_point_id: string;
    zone_id: string;
    usage_class: string;
    purpose: string;
    meter: { id: string; serial: string } | null;
  }[];
  next_cursor: string | null;
}

export interface ReadRate {
  day: string | null;
  zone_id: string | null;
  model: string | null;
  meters: number;
  expected: number;
  arrived: number;
  late: number;
  estimated: number;
  lost_meter: number;
  lost_radio: number;
  lost_broker: number;
  lost_decode: number;
  lost_clock: number;
  lost_validation: number;
}

/** A zone's day that was chosen to be looked at. */
export interface ChosenDay {
  zone_id: string;
  name: string;
  day: string;
}

export interface IncompleteMeters {
  meters: {
    meter: { id: string; serial: string; model: string };
    service_point_id: string;
    zone_id: string;
    hours: string;
  }[];
  next_cursor: string | null;
}

interface PlaceFacts {
  zone_id: string;
  zone_name: string;
  usage_class: string;
  households: number;
  purpose: string;
}

export interface PlacePage {
  places: (PlaceFacts & { service_point_id: string; meter: { id: string; serial: string } | null })[];
  next_cursor: string | null;
}

export interface PlaceHistory {
  versions: (PlaceFacts & { from_at: string; recorded_at: string; is_replaced: boolean })[];
  installs: {
    meter: { id: string; serial: string; model: string; bore_mm: number };
    from_at: string;
    until_at: string | null;
    opening_register_l: number | null;
    closing_register_l: number | null;
  }[];
  inlets: { zone_id: string; zone_name: string; direction: 'in' | 'out'; from_at: string; until_at: string | null }[];
}

export type ExceptionKind = 'without' | 'class_of' | 'count';

interface NamedOfTariff {
  id: string;
  name: { ko: string; en: string };
}

/** What the tariff of the newest bill run over a place has that an exception can be of. */
export interface ExceptionChoices {
  tariff: NamedOfTariff;
  optional: NamedOfTariff[];
  classed: NamedOfTariff[];
  classes: NamedOfTariff[];
  counts: NamedOfTariff[];
}

export interface PlaceExceptions {
  entered: {
    kind: ExceptionKind;
    name: string;
    from: string;
    value: string | null;
    reason: string | null;
    recorded_at: string;
    by_program: boolean;
    is_replaced: boolean;
  }[];
  choices: ExceptionChoices | null;
}

export type RegistryListName = 'zones' | 'places' | 'installs' | 'inlets' | 'exceptions';

export interface RegistryImports {
  lists: { list: RegistryListName; needed: string[]; wanted: string[] }[];
  imports: { list: string; file_sha256: string; rows_done: number; rows_all: number; updated_at: string }[];
}
