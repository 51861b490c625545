// The service's JSON answers as the pages read them.
import type { Anchor } from '../../src/anchoring/anchor.ts';
import type { AnchoringState, EpochRow, NodeState } from '../../src/anchoring/anchoring-state.ts';
import type { WalletEvent } from '../../src/identity/credentials/wallet-event.ts';
import type { BillDocument } from '../../src/metering/billing/bill-document.ts';
import type { Text } from './language.tsx';

export type { Anchor, AnchoringState, EpochRow, NodeState };

export interface TraceStep {
  step: string;
  outcome: 'passed' | 'failed' | 'not_checked';
  reason: string;
  detail: Text;
  data?: Record<string, string | number | boolean | null>;
  anchor?: Anchor;
}

export type Resolution = 'hour' | 'day';

export interface UseInterval {
  /** ISO 8601 instants. */
  start: string;
  end: string;
  /** Litres; `null`: no reading tells. */
  use_l: number | null;
  /** How much of it is estimated; absent where all was measured. */
  estimated_l?: number;
}

export interface Use {
  time_zone: string;
  resolution: Resolution;
  intervals: UseInterval[];
}

export interface SignInStart {
  request_id: string;
  authorization_request: string;
  wallet_link: string;
  expires_at: string;
}

export interface SignInState {
  state: 'waiting' | 'verified' | 'refused' | 'expired';
  trace?: TraceStep[];
}

export interface Me {
  service_point: string;
  role: string;
  from: string;
  until: string | null;
  signed_in_at: string;
  trace: TraceStep[];
}

export interface MyMeter {
  service_point: string;
  address_zone: string;
  meter: { serial: string; model: string | null; bore_mm: number | null; format: string };
  last_reading: { measured_at: string; received_at: string; register_l: number; flags: string[] } | null;
  last_alarm: { flag: string; measured_at: string } | null;
}

/** A reduction that the tariff gives for a proof. */
export interface Reduction {
  predicate: string;
  name: Text;
  takes_off: Text;
  /** Whether a credential of this city proves it. */
  provable: boolean;
  standing: {
    mine: boolean;
    from: string;
    /** The first day on which it no longer counts. */
    until: string;
    ended: string | null;
    unconfirmed_since: string | null;
  } | null;
}

export interface BillInList {
  bill_id: number;
  number: string;
  use_from: string;
  /** The first day after. */
  use_until: string;
  due_on: string;
  payable_won: number;
  volume_l: number;
}

export interface MyBill {
  document: BillDocument;
  /** Hex of SHA-256 of the document as it is kept. */
  document_sha256: string;
  in_wallet: boolean;
}

export interface ComparedUse {
  from: string;
  /** The first day after. */
  until: string;
  /** Of the days that are known; null where nothing is, or the home was not the person's yet. */
  use_l: number | null;
  unknown_days: number;
}

/** Use of this month so far, beside the same days of other months and of homes alike. */
export interface Comparison {
  this_month: ComparedUse;
  last_month: ComparedUse;
  last_year: ComparedUse;
  /** Null where too few homes are alike. */
  alike: { median_l: number; homes: number } | null;
}

export type MeterState = 'ok' | 'silent' | 'alarm' | 'never';

export interface MeterRow {
  id: string;
  serial: string;
  model: string | null;
  format: string | null;
  service_point: string | null;
  zone: string | null;
  bore_mm: number | null;
  state: MeterState;
  last_register_l: number | null;
  last_measured_at: string | null;
  flags: string[];
}

export interface MeterPage {
  meters: MeterRow[];
  next_cursor: string | null;
  totals: Record<MeterState, number>;
}

export interface MeterDetail extends MeterRow {
  usage_class: string | null;
  installed_at: string | null;
  readings_today: number;
  conflicts: number;
}

export interface QuarantineItem {
  id: string;
  received_at: string;
  device_id: string | null;
  format: string | null;
  problem: { code: string; detail: string };
  payload_hex: string;
}

export interface QuarantinePage {
  items: QuarantineItem[];
  next_cursor: string | null;
  total: number;
}

export interface Redecoded {
  /** Of which readings were stored, and which is in quarantine no more. */
  mended: number;
  /** Still unreadable. */
  left: number;
}

export interface IntakeMinute {
  start: string;
  messages: number;
  readings: number;
  quarantined: number;
  conflicts: number;
  refused: number;
}

export interface IntakeActivity {
  processes: { id: string; connections: number; in_flight: number; started_at: string; told_at: string }[];
  /** Oldest first; the last one is not over. */
  minutes: IntakeMinute[];
}

export interface Gateway {
  gateway_id: string;
  formats: string[];
  registered_at: string;
  revoked: boolean;
  grants: number;
}

export interface DeviceRow {
  device_id: string;
  formats: string[];
  meter_serial: string | null;
  has_secret: boolean;
  /** Until then the secret before this one is good as well. */
  former_secret_until: string | null;
  revoked_at: string | null;
  revoked_reason: string | null;
}

export interface DevicePage {
  devices: DeviceRow[];
  next_cursor: string | null;
}

export interface DeviceDetail extends DeviceRow {
  pins: { spki_sha256: string; added_at: string }[];
  certificates: {
    serial: string;
    issued_at: string;
    not_after: string;
    revoked_at: string | null;
    revoked_reason: string | null;
  }[];
  actions: { at: string; action: string; by_program: boolean; subject: string | null; reason: string | null }[];
}

export interface DeviceEvent {
  id: string;
  device_id: string;
  kind: string;
  detail: string;
  first_at: string;
  last_at: string;
  times: number;
  closed_at: string | null;
}

export interface MadeClaimCode {
  code: string;
  expires_at: string;
}

export interface MadeOffer {
  offer_id: string;
  offer_uri: string;
  wallet_link: string;
  tx_code: string;
  expires_at: string;
}

export interface IssuedCredential {
  id: string;
  type: string;
  issued_at: string;
  state: 'valid' | 'suspended' | 'revoked';
  revoked_at: string | null;
  reason: string | null;
}

/** What is wrong with a claim, and what to do. */
export interface ClaimFault {
  claim: string | null;
  message: Text;
}

/** An offer that nobody has taken yet. */
export interface DeskOffer {
  id: string;
  type: string;
  reference: string;
  expires_at: string;
  tries_left: number;
  import_id: string | null;
}

/** An offer of which nothing is issued until a second person approves it. */
export interface AwaitingOffer {
  offer_id: string;
  type: string;
  reference: string;
  created_at: string;
  expires_at: string;
}

export interface DeskCredential {
  id: string;
  type: string;
  reference: string | null;
  issued_at: string;
  state: IssuedCredential['state'];
  reason: string | null;
  wallet: { event: WalletEvent; at: string } | null;
}

export interface AuditEntry {
  id: number;
  at: string;
  actor: string;
  duty: string | null;
  action: string;
  service_point: string | null;
  type: string | null;
  offer_id: string | null;
  credential_id: string | null;
  import_id: string | null;
}

export type AlarmState = 'open' | 'acknowledged' | 'closed' | 'withdrawn';

export interface Alarm {
  id: string;
  kind: string;
  service_point: string | null;
  zone: string;
  meter: { id: string; serial: string } | null;
  began_at: string;
  ended_at: string | null;
  /** 1: for the next visit, 2: to be looked at, 3: at once. */
  grade: number;
  times: number;
  amount: number | null;
  state: AlarmState;
  assigned_to: string | null;
  opened_at: string;
  /** Silences that stand behind a zone's. */
  behind: number;
}

export interface AlarmKindName {
  kind: string;
  label: { ko: string; en: string };
  advice: { ko: string; en: string };
  unit: string | null;
}

export interface AlarmPage {
  alarms: Alarm[];
  next_cursor: string | null;
  waiting: { kind: string; open: number; acknowledged: number }[];
  kinds: AlarmKindName[];
}

export interface AlarmHistory {
  alarm: Alarm;
  events: {
    id: string;
    at: string;
    what: string;
    actor: string | null;
    why: string | null;
    began_at: string;
    ended_at: string | null;
    times: number;
    assigned_to: string | null;
  }[];
}

export interface HouseholdNotice {
  kind: string;
  label: { ko: string; en: string };
  advice: { ko: string; en: string };
  began_at: string;
  /** null: it goes on. */
  ended_at: string | null;
}

export interface CareContact {
  email: string;
  /** By what they know whose home it is. */
  called: string;
}

export interface CareConsent {
  /** Whether this service sends e-mail at all. */
  can_tell: boolean;
  consent: { given_at: string; contacts: CareContact[]; away: { id: string; from: string; until: string }[] } | null;
}
