// One line of a fleet to be provisioned: a device, the meter it reports, and the place that meter stands at.

export const usageClasses = ['domestic', 'general', 'bath', 'industrial'] as const;
export type UsageClass = (typeof usageClasses)[number];

export interface FleetEntry {
  /** MQTT client id and user name: 1 to 64 of `A-Z a-z 0-9 _ . : -`. */
  deviceId: string;
  /** At least 22 characters of a random secret. Absent: a new device is given one, a known one keeps its own. */
  secret?: string;
  /** Names of payload formats the device sends, the usual one first. */
  formats: readonly string[];
  /** 16 bytes, where its payloads are encrypted. */
  payloadKey?: Uint8Array;
  meter: { serial: string; model: string; bore_mm: number; dials: number };
  servicePoint: { id: string; zoneId: string; zoneName: string; usageClass: UsageClass };
  /** When the meter was put in, milliseconds since 1970; readings count for the service point from here on. */
  installedAt_ms: number;
  openingRegister_l?: number;
}

export interface ProvisionedDevice {
  deviceId: string;
  meterId: number;
  /** Only where it was given or made now: the store keeps a hash. */
  secret: string | null;
}

/** Fleet entries one call may hold. */
export const fleetEntriesAtOnce = 10_000;
