// What a cluster answers when it will not have us, as a sentence that says what to do.

/** Why a connection ended, or never began. */
export interface ConnectionEnd {
  /** What was wrong and what to do, without any secret. */
  reason: string;
  /** The cluster will say the same the next time: settings have to change. */
  final: boolean;
}

/** The address without anything secret. */
export function hostOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

const needsMqtt5 = 'the cluster must speak MQTT 5: use one that does, such as Mosquitto 2';

/** Source: MQTT 5.0 section 3.2.2.2 table 3-1; 1 to 5 are return codes of a server that speaks 3.1.1 only. */
export function refusalOf(url: string, error: Error): ConnectionEnd {
  const code = 'code' in error ? error.code : undefined;
  const at = hostOf(url);
  switch (code) {
    case 1:
    case 0x84:
      return { reason: `${at} does not speak MQTT 5; ${needsMqtt5}`, final: true };
    case 4:
    case 0x86:
      return { reason: `${at} refused the login; correct BROKER_USERNAME and BROKER_PASSWORD`, final: true };
    case 5:
    case 0x87:
    case 0x8a:
    case 0x8c:
      return {
        reason: `${at} does not let this client in (reason ${hex(code)}); give BROKER_USERNAME and BROKER_PASSWORD, and let the cluster's access list take the client id`,
        final: true,
      };
    case 2:
    case 0x85:
      return { reason: `${at} does not take the client id; change BROKER_GROUP or the cluster's rules`, final: true };
    default:
      break;
  }
  if (typeof code === 'number') return { reason: `${at} refused the connection (reason ${hex(code)})`, final: false };
  if (typeof code === 'string' && /CERT|SELF_SIGNED|ISSUER|SIGNATURE|ALTNAME/.test(code))
    return {
      reason: `${at} shows a certificate that is not trusted (${code}); name its authority in BROKER_CA_FILE`,
      final: false,
    };
  return {
    reason: `${at} can't be reached (${typeof code === 'string' ? code : error.message.slice(0, 80)})`,
    final: false,
  };
}

/** Source: MQTT 5.0 section 3.14.2.1. */
export function disconnection(url: string, reasonCode: number): ConnectionEnd {
  const takenOver = reasonCode === 0x8e;
  return {
    reason: `${hostOf(url)} ended the connection (reason ${hex(reasonCode)}${takenOver ? ': another client took the session over' : ''})`,
    final: false,
  };
}

/** A server of 3.1.1 may close without a word [MQTT-3.1.2-2]. */
export function silentRefusal(url: string, end: ConnectionEnd): ConnectionEnd {
  if (!end.reason.endsWith('closed the connection')) return end;
  return { ...end, reason: `${hostOf(url)} closed the connection before it answered; ${needsMqtt5}` };
}

/** Of CONNACK's properties. */
export interface ClusterAbilities {
  sharedSubscriptionAvailable?: boolean;
  wildcardSubscriptionAvailable?: boolean;
}

/** What a cluster says that it lacks. Source: MQTT 5.0 section 3.2.2.3: where absent, it is there. */
export function missingIn(url: string, properties: ClusterAbilities | undefined): ConnectionEnd | null {
  const lacks = (what: string) => ({
    reason: `${hostOf(url)} has no ${what}; copies can't share the load without: allow them in the cluster's settings`,
    final: true,
  });
  if (properties?.sharedSubscriptionAvailable === false) return lacks('shared subscriptions');
  if (properties?.wildcardSubscriptionAvailable === false) return lacks('wildcard subscriptions');
  return null;
}

/** Source: MQTT 5.0 section 3.9.3. */
export function subscriptionRefusal(url: string, filters: readonly string[], error: Error): ConnectionEnd {
  const granted = (error as { packet?: { granted?: number[] } }).packet?.granted ?? [];
  const code = granted.find((each) => each >= 0x80) ?? 0;
  const why =
    code === 0x9e
      ? 'it has no shared subscriptions'
      : code === 0x87
        ? "the cluster's access list does not let this login read them"
        : `reason ${hex(code)}`;
  return { reason: `${hostOf(url)} refused the subscription to ${filters.join(', ')}: ${why}`, final: code !== 0 };
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`;
}
