// The rules for meters: each shows its secret, publishes as itself, hears only its own commands and leaves no will.
import type { DeviceAuth } from './device-auth-service.ts';
import type { IntakePolicy } from './intake-policy.ts';
import { maySubscribe, publishRule } from './topic-rules.ts';

const BAD_USER_NAME_OR_PASSWORD = 4;
const NOT_AUTHORIZED = 5;

export function createDevicePolicy({ authenticate }: DeviceAuth): IntakePolicy {
  return {
    authenticate: async ({ clientId, userName, secret, will }) => {
      // A will is published when the device is gone, when nobody can check it any more: devices have none.
      if (will !== null) return { accepted: false, reason: 'will', returnCode: null };
      const result = await authenticate(clientId, userName, secret);
      if (result.accepted) return result;
      const returnCode = result.reason === 'identity' ? NOT_AUTHORIZED : BAD_USER_NAME_OR_PASSWORD;
      return { accepted: false, reason: result.reason, returnCode };
    },
    publish: ({ deviceId }, topic, retained) => publishRule(deviceId, topic, retained),
    subscribe: ({ deviceId }, filter) => (maySubscribe(deviceId, filter) ? 'direct' : 'refused'),
  };
}
