// The file that proves a bill: all that its check takes, so that nobody has to be trusted or asked. docs/bill-proof.md
// describes it. Runs in browsers too.
import { z } from 'zod';

/** A bill of two years of an hourly meter has some 20,000 readings. */
export const billProofLimits = { file_bytes: 32 * 1024 * 1024, zoneDays: 1_000, entriesADay: 20_000 } as const;

const count = z.int().nonnegative();
const text = z.string().max(256);
const hex32 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 small hexadecimal digits');
const chainHex32 = z.string().regex(/^0x[0-9a-f]{64}$/, 'must be 0x and 64 small hexadecimal digits');
const salt = z.string().regex(/^[\w-]{21}[AQgw]$/, 'must be 16 bytes in base64url');
const base64url = z.string().regex(/^[\w-]*$/, 'must be base64url');
const day = z.iso.date();
const path = z.array(hex32).max(64);
const marks = z.string().regex(/^([0-9a-f]{6})*$/, 'must be three bytes in hexadecimal digits for each');
const hidden = z.strictObject({ hash: hex32 });

const entry = z.union([
  z.strictObject({
    kind: z.literal('reading'),
    measured_at_us: count,
    register_l: count,
    received_at_us: count,
    uplink_id: count,
    clock: z.enum(['absolute', 'local', 'received']),
    flags: z.array(text).max(64),
    salt,
  }),
  z.strictObject({
    kind: z.literal('conflict'),
    measured_at_us: count,
    register_l: count,
    received_at_us: count,
    uplink_id: count,
    salt,
  }),
  z.strictObject({
    kind: z.literal('read_off'),
    end: z.enum(['opening', 'closing']),
    measured_at_us: count,
    register_l: count,
    salt,
  }),
  z.strictObject({
    kind: z.literal('edit'),
    measured_at_us: count,
    edit: count,
    deed: z.enum(['void', 'replace', 'add', 'restore']),
    register_l: count.nullable(),
    edited_at_us: count,
    salt,
  }),
  z.strictObject({
    kind: z.literal('estimate'),
    measured_at_us: count,
    version: count,
    method: text,
    hours_l: z.array(count.nullable()).max(26),
    made_at_us: count,
    salt,
  }),
  hidden,
]);

const uplink = z.union([
  z.strictObject({
    uplink_id: count,
    format: text,
    received_at_us: count,
    sha256: hex32,
    salt,
    payload: base64url.describe('the bytes as they came'),
  }),
  hidden,
]);

const meterDay = z.strictObject({
  install: count,
  place: text,
  meter: text,
  model: text,
  bore_mm: count,
  dials: count,
  time_zone: text,
  from_us: count.describe('the part of the day in which the meter stood at the place'),
  until_us: count,
  salt,
  entries: z.array(entry).max(billProofLimits.entriesADay),
  marks,
  uplinks: z.union([z.array(uplink).max(billProofLimits.entriesADay), hex32]).describe('a digest where bytes are gone'),
  uplink_marks: marks,
  leaf: hex32.describe('as it was when the day was hashed'),
  index: count,
  path,
});

const anchored = { size: z.int().positive(), epoch: z.int().positive(), proof: base64url };

export const billProof = z.strictObject({
  naru_bill_proof: z.literal(1),
  chain: z.strictObject({
    chain_id: z.int().positive(),
    contract: z.string().regex(/^0x[0-9a-f]{40}$/, 'must be 0x and 40 small hexadecimal digits'),
    registry_id: chainHex32,
  }),
  epochs: z
    .array(
      z.strictObject({
        epoch: z.int().positive(),
        root: chainHex32,
        transaction: chainHex32,
        block: z.strictObject({
          number: count,
          hash: chainHex32,
          parent_hash: chainHex32,
          state_root: chainHex32,
          timestamp: z.iso.datetime(),
        }),
      }),
    )
    .max(billProofLimits.zoneDays + 1),
  bill: z.strictObject({
    document: z.string().describe('the bill, byte for byte'),
    run: count,
    salt,
    index: count,
    path,
    ...anchored,
  }),
  tariff: z.string().describe("the tariff's text, byte for byte"),
  use: z.strictObject({
    version: z.int().positive(),
    volume_l: count,
    estimated_l: count,
    parts: z.array(
      z.strictObject({
        install: count,
        from: day,
        days_l: z.array(count).max(billProofLimits.zoneDays),
        estimated: z.array(z.strictObject({ day, volume_l: count })).max(billProofLimits.zoneDays),
      }),
    ),
  }),
  known_until_us: count.describe('what was received later had not come when the use was worked out'),
  zone_days: z
    .array(
      z.strictObject({
        zone: text,
        day,
        version: z.int().positive(),
        ...anchored,
        meter_days: z.array(meterDay).min(1).max(16),
      }),
    )
    .max(billProofLimits.zoneDays),
});

/** JSON as written. */
export type BillProof = z.infer<typeof billProof>;
export type ProofZoneDay = BillProof['zone_days'][number];
export type ProofMeterDay = ProofZoneDay['meter_days'][number];
export type ProofEntry = ProofMeterDay['entries'][number];
