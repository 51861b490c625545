// What the parts of a connection (connection-broker.ts) have of each other, and what all have of the broker around them.
import type { Aedes } from 'aedes';
import type { CommitQueue } from './commit-service.ts';
import type { DeviceSession } from './device-credential.ts';
import type { IntakePolicy, Origin } from './intake-policy.ts';
import type { OutgoingHandshakes } from './outgoing-handshakes.ts';
import type { SessionBridge } from './session-bridge-broker.ts';
import type { Device } from './uplink.ts';

/** What is asked of a connection from outside it. */
export interface ConnectedClient {
  readonly origin: Origin;
  readonly clientId: string;
  /** Whether it has shown who it is. */
  readonly isAdmitted: boolean;
  /** Sends what is to be acknowledged, in one write. */
  flush(): void;
  /** Sends the client a message where it subscribed to exactly that topic; see `DownlinkPath.send`. */
  send(topic: string, payload: Uint8Array, qos: 0 | 1): Promise<boolean>;
  /** To be asked every second: closes a client that was silent for one and a half keep-alives. [MQTT-3.1.2-24] */
  watchKeepAlive(): void;
  /** No more is read. What was taken is still committed and acknowledged. */
  stopReading(): void;
  /** Ends rather than cuts, for a moment: an acknowledgement or a refusal that was written must still leave. */
  close(): void;
}

/** What a connection is part of. */
export interface ConnectionHost {
  queue: CommitQueue;
  policy: IntakePolicy;
  aedes: Aedes;
  /** Largest packet of a client that has shown who it is. */
  mostPacket_bytes: number;
  /** Seconds, counted from anywhere. */
  now_s(): number;
  /** No two alike. */
  receiptTime(): number;
  refused(reason: string): void;
  /** An id for a client that brought none. */
  freshClientId(): string;
  /** Takes it in under its client id, and closes whoever had that. */
  enter(client: ConnectedClient): void;
  leave(client: ConnectedClient): void;
  /** Whether aedes keeps a session for this client while it is away; from now on it does as `keeps` says. */
  hasKeptSession(clientId: string, keeps: boolean): boolean;
  /** Calls `flush` once at the end of this turn. */
  flushSoon(client: ConnectedClient): void;
  /** Passes a message to whoever subscribes. */
  route(topic: string, payload: Buffer, qos: 0 | 1, retain: boolean, done: () => void): void;
}

/** Why nothing is read from a client now; several may hold at once. */
export const waitsFor = {
  admission: 1,
  session: 2,
  store: 4,
  client: 8,
  throttle: 16,
  routing: 32,
  stop: 64,
  subscription: 128,
} as const;

/** An admitted connection, as its parts see it. */
export interface ConnectionSide {
  readonly host: ConnectionHost;
  readonly device: Device;
  readonly session: DeviceSession | null;
  readonly connectedAt_ms: number;
  readonly handshakes: OutgoingHandshakes;
  /** Null as long as the session has needed nothing of aedes. */
  readonly bridge: SessionBridge | null;
  /** Hands a packet to aedes, opening its part of the session where there is none yet. */
  pass(first: number, body: Uint8Array): SessionBridge;
  /** @returns false where no more should be written before `drained` is called */
  write(bytes: Uint8Array, drained?: () => void): boolean;
  flushSoon(): void;
  wait(reason: number): void;
  proceed(reason: number): void;
  close(): void;
}

/** Why a connection must be closed; null where it goes on. */
export type Refusal = string | null;
