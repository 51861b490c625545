// Who may connect and what each may say: the questions that the broker asks, and what may be answered. The rules for
// meters are in device-policy-service.ts.
import type { CertificateProof, DeviceSession } from './device-credential.ts';
import type { ProtocolLevel } from './packet-guard.ts';
import type { PublishRule } from './topic-rules.ts';
import type { Device } from './uplink.ts';

/** What is known of a connection before it says anything. */
export interface Origin {
  /** Network address, by which connections are counted. */
  address: string;
  transport: 'tcp' | 'websocket' | 'tls';
  /** Of the certificate that the TLS handshake has proved; null where there was none. */
  proof: CertificateProof | null;
}

export interface ConnectRequest {
  clientId: string;
  userName: string | undefined;
  secret: Uint8Array | undefined;
  level: ProtocolLevel;
  will: { topic: string; retain: boolean; qos: number } | null;
  origin: Origin;
}

/** `returnCode` of CONNACK (MQTT 3.1.1 table 3.1); null closes without a word. `reason` goes to the metrics. */
export type Verdict =
  | { accepted: true; device: Device; session: DeviceSession | null }
  | { accepted: false; reason: string; returnCode: 2 | 3 | 4 | 5 | null };

/** `direct`: what comes on it is sent to this device by us; `routed`: it is whatever clients publish on such topics. */
export type SubscribeRule = 'direct' | 'routed' | 'refused';

export interface IntakePolicy {
  /** A rejection is answered with `server unavailable`. */
  authenticate(request: ConnectRequest): Promise<Verdict>;
  publish(device: Device, topic: string, retained: boolean): PublishRule;
  subscribe(device: Device, filter: string): SubscribeRule;
  /** The device has subscribed to something, or came back to a session in which it had: it can be sent to now. */
  listening?(device: Device): void;
  /** Accepted, before anything else of it was read; and gone. */
  opened?(session: DeviceSession): void;
  closed?(session: DeviceSession): void;
  /** For how long nothing is read from a device that has just published so many messages; 0 for not at all. */
  pauseAfter_ms?(session: DeviceSession, messages: number): number;
  /** It published or subscribed where it may not, and is closed for it. */
  trespassed?(device: Device, reason: string): void;
  /** An uplink of it was stored. */
  stored?(device: Device): void;
  /** It answered a command. Resolves when that is stored; only then it is told. */
  acknowledged?(device: Device, payload: Uint8Array): Promise<void>;
}
