// The rules for meters: each shows who it is, publishes as itself, hears only its own commands and leaves no will.
import type { DeviceAuth } from './device-auth-service.ts';
import type { DeviceSession } from './device-credential.ts';
import type { DeviceHooks } from './device-hooks.ts';
import type { TokenBucket } from './device-rate.ts';
import type { IntakePolicy } from './intake-policy.ts';
import { maySubscribe, publishRule } from './topic-rules.ts';

const BAD_USER_NAME_OR_PASSWORD = 4;
const NOT_AUTHORIZED = 5;

/** @param hooks those who have business with connected devices; nobody where absent */
export function createDevicePolicy(
  { authenticate }: Pick<DeviceAuth, 'authenticate'>,
  hooks?: DeviceHooks,
): IntakePolicy {
  return {
    authenticate: async ({ clientId, userName, secret, will, origin }) => {
      // A will is published when the device is gone, when nobody can check it any more: devices have none.
      if (will !== null) return { accepted: false, reason: 'will', returnCode: null };
      const result = await authenticate(clientId, userName, secret, origin.proof ?? undefined);
      if (result.accepted) {
        const { device, credential } = result;
        const { deviceId, deviceNo, isGateway = false } = device;
        return {
          accepted: true,
          device,
          session: { deviceId, deviceNo, isGateway, address: origin.address, credential },
        };
      }
      const returnCode = result.reason === 'identity' ? NOT_AUTHORIZED : BAD_USER_NAME_OR_PASSWORD;
      return { accepted: false, reason: result.reason, returnCode };
    },
    publish: ({ deviceId }, topic, retained) => publishRule(deviceId, topic, retained),
    subscribe: ({ deviceId }, filter) => (maySubscribe(deviceId, filter) ? 'direct' : 'refused'),
    ...(hooks !== undefined && watchedBy(hooks)),
  };
}

function watchedBy(hooks: DeviceHooks): Partial<IntakePolicy> {
  const buckets = new WeakMap<DeviceSession, TokenBucket>();
  return {
    opened: (session) => {
      buckets.set(session, hooks.bucketOf(session));
      hooks.opened(session);
    },
    closed: (session) => hooks.closed(session),
    pauseAfter_ms: (session, messages) => {
      const bucket = buckets.get(session);
      if (bucket === undefined) return 0;
      const pause_ms = bucket.waitAfter_ms(messages);
      if (pause_ms > 0) hooks.throttled(session);
      return pause_ms;
    },
    trespassed: (device, reason) => hooks.trespassed(device, reason),
    listening: ({ deviceId }) => hooks.listening(deviceId),
    stored: ({ deviceId }) => hooks.heard(deviceId),
    acknowledged: (device, payload) => hooks.acknowledged(device, payload),
  };
}
