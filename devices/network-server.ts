// What a LoRaWAN network server tells over MQTT, whichever it is: an uplink of a device, or something about it.
import type { DecodeProblem } from './payload-format.ts';

export type NetworkServerEvent =
  | { kind: 'uplink'; uplink: LorawanUplink }
  /** A join, a status report, an acknowledgement …: nothing of it is a reading. */
  | { kind: 'other'; event: string }
  | { kind: 'problem'; problem: DecodeProblem };

export interface LorawanUplink {
  /** 16 hex digits, lower case. */
  dev_eui: string;
  f_port: number | null;
  /** Decrypted by the network server. */
  payload: Uint8Array;
  /** ISO 8601 in UTC to the millisecond; null where the server did not say. */
  received_at: string | null;
  /** One for one uplink, however many gateways heard it and however often the server tells it; null where there is none. */
  dedup_id: string | null;
}

export interface NetworkServer {
  /** As the last level of a topic. */
  readonly name: string;
  readonly examples: readonly { title: string; message: string; expect: NetworkServerEvent }[];
  /** Never throws. */
  read(message: Uint8Array): NetworkServerEvent;
}

/** The longest payload of any region. Source: LoRaWAN Regional Parameters RP002-1.0.4, M with repeaters left out. */
const mostPayload_bytes = 242;
const mostMessage_bytes = 65_536;

export function serverProblem(code: string, detail: string): Extract<NetworkServerEvent, { kind: 'problem' }> {
  return { kind: 'problem', problem: { code, detail } };
}

/** The message as an object; null where it is no JSON object. */
export function jsonObject(message: Uint8Array): Record<string, unknown> | null {
  if (message.length > mostMessage_bytes) return null;
  try {
    return objectOf(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(message)));
  } catch {
    return null;
  }
}

export function objectOf(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

export function devEuiOf(value: unknown): string | null {
  return typeof value === 'string' && /^[0-9a-f]{16}$/i.test(value) ? value.toLowerCase() : null;
}

/** 1 to 255; a server leaves a port of 0 out, which is MAC commands alone. Undefined for what is no port. */
export function portOf(value: unknown): number | null | undefined {
  if (value === undefined || value === 0) return null;
  return Number.isInteger(value) && Number(value) > 0 && Number(value) <= 255 ? Number(value) : undefined;
}

/** Null for what is not base64, and for more than a LoRaWAN frame can carry. */
export function payloadOf(value: unknown): Uint8Array | null {
  if (typeof value !== 'string' || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return null;
  const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
  return bytes.length <= mostPayload_bytes ? bytes : null;
}

const written = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** The servers write up to nanoseconds. */
export function instantOf(value: unknown): string | null {
  const at_ms = typeof value === 'string' && written.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at_ms) ? null : new Date(at_ms).toISOString();
}
