// The intake's broker as an ordinary one: whoever asks is let in, and messages go to subscribers instead of the store.
import { createIntakeBroker, type IntakeBroker } from '../../src/metering/intake/intake-broker.ts';
import { createIntakeMetrics } from '../../src/metering/intake/intake-metrics.ts';
import type { IntakePolicy } from '../../src/metering/intake/intake-policy.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';

export interface OrdinaryBroker {
  broker: IntakeBroker;
  port: number;
  /** Devices that the broker has said are listening, in that order. */
  listening: string[];
  refusals(reason: string): Promise<number>;
  close(): Promise<void>;
}

/** @param rules what to do otherwise than an ordinary broker */
export async function openOrdinaryBroker(
  rules: Partial<IntakePolicy> = {},
  mostPacket_bytes = 65_536,
): Promise<OrdinaryBroker> {
  const listening: string[] = [];
  const policy: IntakePolicy = {
    authenticate: async ({ clientId }) => ({
      accepted: true,
      device: { deviceNo: 0, deviceId: clientId, formats: [], payloadKey: null, meter: null },
      session: {
        ...{ deviceId: clientId, deviceNo: 0, isGateway: false, address: '' },
        credential: { kind: 'secret', hash: new Uint8Array(32), until_ms: null },
      },
    }),
    // Topics that begin with $ are the broker's own. [MQTT 3.1.1 section 4.7.2]
    publish: (_device, topic) => ({ allowed: true, kind: topic.startsWith('$') ? 'acknowledgement' : 'message' }),
    subscribe: () => 'routed',
    listening: ({ deviceId }) => listening.push(deviceId),
    ...rules,
  };
  const metrics = createMetrics();
  const broker = createIntakeBroker({
    intake: {
      authenticate: () => Promise.reject(new Error('the policy is asked instead')),
      goodUntil: async () => 0,
      forget: () => {},
      queue: {
        add: ({ packetId }, settled) => settled(false, packetId),
        inFlight: () => 0,
        isFull: () => false,
        whenRoom: () => {},
        close: async () => {},
      },
      metrics: createIntakeMetrics(metrics, () => 0),
      clock: systemClock,
    },
    ...{ policy, mostPacket_bytes, host: '127.0.0.1', mqttPort: 0, wsPort: null, logger: createLogger('silent') },
  });
  const { mqtt: port } = await broker.listen();
  return {
    ...{ broker, port, listening },
    refusals: async (reason) => {
      const metric = await metrics.getSingleMetric('naru_intake_refused_total')?.get();
      return metric?.values.find((value) => value.labels.reason === reason)?.value ?? 0;
    },
    close: () => broker.close(),
  };
}
