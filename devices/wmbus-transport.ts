// The layers between a telegram's link layer and its records: extended link, authentication and transport headers.
// Source: EN 13757-4:2019 clause 13 (extended link layer), EN 13757-7:2018 clauses 6 and 7, OMS-Specification volume 2.
import type { MeterAddress } from './wmbus-address.ts';
import { type Refusal, refusal } from './wmbus-link.ts';

export type TransportHeader = {
  ci: number;
  /** Null when the header has none (short or absent) and the link layer's address stands. */
  address: MeterAddress | null;
  access_number: number | null;
  /** Null when there is no header to hold one. */
  status: number | null;
  configuration: number;
  data: Uint8Array;
  /** The whole transport layer as it was sent, from its CI field on. */
  sent: Uint8Array;
};

/** What is in the records' place: whole records, values only (their layout is known elsewhere), or a layout only. */
export type FrameKind = 'full' | 'compact' | 'layout';

interface CiField {
  kind: FrameKind;
  header: 'none' | 'short' | 'long';
}

/** The CI fields of meters' data. Source: EN 13757-7:2018 table 2. */
const ciFields: Partial<Record<number, CiField>> = {
  105: { kind: 'layout', header: 'none' },
  106: { kind: 'layout', header: 'short' },
  107: { kind: 'layout', header: 'long' },
  113: { kind: 'full', header: 'short' },
  114: { kind: 'full', header: 'long' },
  115: { kind: 'compact', header: 'long' },
  120: { kind: 'full', header: 'none' },
  121: { kind: 'compact', header: 'none' },
  122: { kind: 'full', header: 'short' },
  123: { kind: 'compact', header: 'short' },
};

/** Undefined for a CI field that brings no meter's data in a standard layout. */
export function frameKindOf(ci: number): FrameKind | undefined {
  return ciFields[ci]?.kind;
}

/** CI fields A0 to B7 are each maker's own. */
export function isMakersCi(ci: number): boolean {
  return ci >= 0xa0 && ci <= 0xb7;
}

/** The transport layer, whose CI field is `body[0]`. */
export function transportHeader(body: Uint8Array): TransportHeader | Refusal {
  const ci = body[0] ?? 0;
  const form = ciFields[ci]?.header;
  if (form === undefined) {
    return refusal('FORMAT_CI_UNSUPPORTED', `no rule for the CI field ${ci.toString(16).toUpperCase()}`);
  }
  if (form === 'none') {
    return {
      ci,
      address: null,
      access_number: null,
      status: null,
      configuration: 0,
      data: body.subarray(1),
      sent: body,
    };
  }
  const start = form === 'long' ? 9 : 1;
  if (body.length < start + 4) return cutInHeader();
  const address: MeterAddress | null =
    form === 'long'
      ? { id: body.subarray(1, 5), manufacturer: body.subarray(5, 7), version: body[7] ?? 0, medium: body[8] ?? 0 }
      : null;
  return {
    ci,
    address,
    access_number: body[start] ?? 0,
    status: body[start + 1] ?? 0,
    configuration: (body[start + 2] ?? 0) | ((body[start + 3] ?? 0) << 8),
    data: body.subarray(start + 4),
    sent: body,
  };
}

/** Bits 8 to 12 of the configuration field. */
export function securityMode(header: TransportHeader): number {
  return (header.configuration >> 8) & 0x1f;
}

export interface ExtendedLink {
  /** The CC field. */
  control: number;
  /** The session number, where the rest may be encrypted; null where it can't be. */
  session: Uint8Array | null;
  /** What follows; behind a session number it begins with a CRC. */
  rest: Uint8Array;
}

/** CI and what follows: CC, ACC; also a session number; also the receiver's address; all of them. */
const extendedLink_bytes: Partial<Record<number, { length: number; session: boolean }>> = {
  140: { length: 3, session: false },
  141: { length: 7, session: true },
  142: { length: 11, session: false },
  143: { length: 15, session: true },
};

/** Null when `body` begins with no extended link layer. Source: EN 13757-4:2019 clause 13.2. */
export function extendedLink(body: Uint8Array): ExtendedLink | Refusal | null {
  const form = extendedLink_bytes[body[0] ?? 0];
  if (form === undefined) return null;
  if (body.length <= form.length) return cutInHeader();
  return {
    control: body[1] ?? 0,
    session: form.session ? body.subarray(form.length - 4, form.length) : null,
    rest: body.subarray(form.length),
  };
}

export interface Authentication {
  /** The message control byte; its low four bits say how the MAC is made. */
  message_control: number | null;
  /** Four bytes as sent. */
  message_counter: Uint8Array | null;
  mac: Uint8Array | null;
  /** The message length field, which goes into the MAC where it is sent. */
  message_length: Uint8Array | null;
  /** The transport layer, from its CI field on. */
  rest: Uint8Array;
}

/** Bytes of the MAC for each kind; Source: EN 13757-7:2018 table 7. */
const mac_bytes: Partial<Record<number, number>> = { 3: 2, 4: 4, 5: 8, 6: 12, 7: 16, 8: 12 };

/** Null when `body` begins with no authentication layer (CI 90). Source: EN 13757-7:2018 clause 6. */
export function authentication(body: Uint8Array): Authentication | Refusal | null {
  if (body[0] !== 0x90) return null;
  const end = 2 + (body[1] ?? 0);
  if (body.length <= end || end < 4) return cutInHeader();
  const control = (body[2] ?? 0) | ((body[3] ?? 0) << 8);
  const has = (bit: number) => (control & (1 << bit)) !== 0;
  if (has(14) || (control & 0xff) > 1) {
    return refusal('FRAGMENTED', 'the telegram is one of several parts, which have to be put together first');
  }
  let at = 4;
  const take = (length: number): Uint8Array => {
    at += length;
    return body.subarray(at - length, at);
  };
  const message_control = has(13) ? (take(1)[0] ?? 0) : null;
  if (has(9)) take(2);
  const message_counter = has(11) ? take(4) : null;
  const mac = has(10) ? take(mac_bytes[(message_control ?? 0) & 0x0f] ?? 0) : null;
  const message_length = has(12) ? take(2) : null;
  if (at > end) return cutInHeader();
  return { message_control, message_counter, mac, message_length, rest: body.subarray(end) };
}

function cutInHeader(): Refusal {
  return refusal('FRAME_TOO_SHORT', 'the telegram ends inside a header');
}
