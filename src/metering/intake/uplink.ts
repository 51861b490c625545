// What the intake hands from one step to the next: a delivery as it came, and the same decoded, waiting for its commit.

/** A device as its connection was authenticated. */
export interface Device {
  deviceNo: number;
  deviceId: string;
  /** Names of payload formats it may send. */
  formats: readonly string[];
  /** Its meter's AES key, where the payloads are encrypted. */
  payloadKey: Uint8Array | null;
  meter: { meterId: number; serial: string } | null;
  /** It publishes for other devices, as many as it was granted. */
  isGateway?: boolean;
}

export interface Delivery {
  device: Device;
  /** The topic's last level. */
  format: string;
  payload: Uint8Array;
  receivedAt_ms: number;
  /** MQTT packet identifier; null for QoS 0. */
  packetId: number | null;
  /** The DUP flag: the device has sent this packet before and saw no acknowledgement. */
  redelivered: boolean;
  /** When the connection it came over began. */
  connectedAt_ms: number;
  /**
   * It came through an MQTT cluster: packet id and DUP flag are of the cluster's way to us, not of the device's to the
   * cluster, and what one copy of the intake did not acknowledge may come to another under another packet id.
   */
  viaCluster?: boolean;
  /** Known before anything is decoded: the payload goes to quarantine for it. */
  problem?: IntakeProblem;
}

/** Where a reading's time came from: the telegram with its zone, the meter's local clock, or our receipt. */
export type ReadingClock = 'absolute' | 'local' | 'received';

export interface PendingReading {
  meterId: number;
  measuredAt_ms: number;
  register_l: number;
  clock: ReadingClock;
  /** False where the clock can't be right; such a reading is kept apart and never summed. */
  plausible: boolean;
  flags: readonly string[];
}

export interface IntakeProblem {
  code: string;
  detail: string;
}

/** What the decoder made of a delivery. */
export interface DecodedDelivery {
  format: string;
  decoderVersion: number | null;
  readings: readonly PendingReading[];
  /** Why it goes to quarantine; null for a good one. */
  problem: IntakeProblem | null;
}

/**
 * Called once: `stored` true after the commit, false where it will never be stored by us and must not be acknowledged.
 * The delivery's packet id comes along, so that one function serves all deliveries of a connection.
 */
export type Settled = (stored: boolean, packetId: number | null) => void;
