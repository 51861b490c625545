// One device's own connection to the broker: its id, its secret, QoS 1, and every publish waits for its PUBACK.
import mqtt from 'mqtt';
import { topicLevelOf } from '../devices/formats.ts';

export interface DeviceConnection {
  /** Resolves when the broker has acknowledged; through reconnects, as long as the connection is not ended. */
  publish(format: string, payload: Uint8Array): Promise<void>;
  /** Drops the connection; what is not acknowledged by then never will be. */
  end(): Promise<void>;
}

export interface DeviceLogin {
  device_id: string;
  secret: string;
}

/** Spread over a second, so that a fleet doesn't come back all at once. */
const reconnectFrom_ms = 500;
const connectTimeout_ms = 10_000;

/**
 * Resolves at once; connects in the background and keeps trying. `spread`: in [0, 1), where in the second after a lost
 * connection this device tries again. `onRefused` hears why a connection failed, and whether it
 * was the broker that would not have it (a CONNACK that refuses) or the way there.
 */
export function connectDevice(
  url: string,
  login: DeviceLogin,
  options: { spread: number; onConnected: () => void; onRefused: (reason: string, byBroker: boolean) => void },
): DeviceConnection {
  const client = mqtt.connect(url, {
    clientId: login.device_id,
    username: login.device_id,
    password: login.secret,
    protocolVersion: 4,
    clean: true,
    keepalive: 120,
    reconnectPeriod: reconnectFrom_ms + Math.floor(options.spread * 1000),
    connectTimeout: connectTimeout_ms,
    reconnectOnConnackError: true,
  });
  client.on('connect', options.onConnected);
  client.on('error', (error) => options.onRefused(error.message, 'code' in error && typeof error.code === 'number'));
  return {
    async publish(format, payload) {
      const topic = `naru/v1/up/${login.device_id}/${topicLevelOf(format)}`;
      await client.publishAsync(topic, Buffer.from(payload), { qos: 1 });
    },
    async end() {
      await client.endAsync(true);
    },
  };
}
