// What a connection showed to be let in, kept as long as it lives, so that it ends when that is no longer good.

/** A certificate named by who signed it (SHA-256 of that public key, in hex) and its serial (hex, no leading zeros). */
export interface CertificateLink {
  issuer: string;
  serial: string;
}

/** The proof a device showed. Hashes are 32 bytes. */
export type DeviceCredential =
  | { kind: 'secret'; hash: Uint8Array; until_ms: number | null }
  /** Signed by our own authority. */
  | { kind: 'certificate'; serial: string; spki: Uint8Array; until_ms: number }
  /** Signed by an authority of the utility's: the certificate and those above it. */
  | { kind: 'foreign-certificate'; links: readonly CertificateLink[]; until_ms: number }
  | { kind: 'pin'; spki: Uint8Array; until_ms: null };

/** A certificate that was found good in the handshake, and the devices that may come with it. */
export interface CertificateProof {
  deviceIds: readonly string[];
  credential: DeviceCredential;
}

/** An accepted connection of a device. */
export interface DeviceSession {
  deviceId: string;
  deviceNo: number;
  /** It publishes for many. */
  isGateway: boolean;
  /** The network address it came from. */
  address: string;
  credential: DeviceCredential;
}

/** What the broker offers to those who have business with a connected device. */
export interface DeviceLinks {
  /** Ends the device's connection at once. */
  disconnect(deviceId: string): void;
  /** @returns false where it is not connected here, not subscribed to that very topic, or went away meanwhile */
  send(deviceId: string, topic: string, payload: Uint8Array, qos: 0 | 1): Promise<boolean>;
}
