// What a gateway forwards: for whom a message is, and what of it a device's own format reads.
import { findNetworkServer } from '../../../devices/formats.ts';
import type { LorawanUplink } from '../../../devices/network-server.ts';
import type { DecodeOptions, PayloadFormat } from '../../../devices/payload-format.ts';
import { wmbusSender } from '../../../devices/wmbus-sender.ts';
import type { Delivery, IntakeProblem } from './uplink.ts';

/** `nothing`: an event in which no device reports anything. */
export type Forwarded =
  | { kind: 'from'; address: string }
  | { kind: 'nothing' }
  | { kind: 'problem'; problem: IntakeProblem };

/**
 * Whom the message is from, as grants name devices: a DevEUI, or a telegram's manufacturer, id, version and medium.
 *
 * @param format the topic's last level
 */
export function forwarded(format: string, payload: Uint8Array): Forwarded {
  if (format === 'wmbus') {
    const address = wmbusSender(payload);
    if (address !== null) return { kind: 'from', address };
    return problem('GATEWAY_TELEGRAM_INVALID', 'the bytes are no wireless M-Bus telegram with a sender');
  }
  const server = findNetworkServer(format);
  if (server === undefined) {
    return problem('GATEWAY_FORMAT_UNKNOWN', 'a gateway forwards wmbus, or what chirpstack or ttn publish');
  }
  const event = server.read(payload);
  if (event.kind === 'problem') return event;
  return event.kind === 'other' ? { kind: 'nothing' } : { kind: 'from', address: event.uplink.dev_eui };
}

function problem(code: string, detail: string): Forwarded {
  return { kind: 'problem', problem: { code, detail } };
}

/** What is decoded, and how: the payload itself, or the one inside a network server's message. */
export interface Opened {
  format: PayloadFormat;
  payload: Uint8Array;
  options: Omit<DecodeOptions, 'key'>;
  /** When the network server received it, for readings without a time of their own. */
  received_at: string | null;
  /** As the store keeps the format: `lorawan-axioma`, or `chirpstack/lorawan-axioma`. */
  storedAs: string;
}

/**
 * @param find looks a payload format up by its topic level
 * @returns FORMAT_UNKNOWN where there is no such format, LORAWAN_FORMAT_MISSING where the device is registered for none,
 *   a network server's own problem where its message can't be read
 */
export function openDelivery(
  { format: name, payload, device, receivedAt_ms }: Pick<Delivery, 'format' | 'payload' | 'device' | 'receivedAt_ms'>,
  find: (name: string) => PayloadFormat | undefined,
): Opened | IntakeProblem {
  // A stored one is opened again under its server's name: the device may be registered for another format by now.
  const server = findNetworkServer(name.split('/')[0] ?? '');
  if (server === undefined) {
    const format = find(name);
    if (format === undefined) return { code: 'FORMAT_UNKNOWN', detail: 'no format has this name' };
    return { format, payload, options: { received_at_ms: receivedAt_ms }, received_at: null, storedAs: format.name };
  }
  const event = server.read(payload);
  if (event.kind === 'problem') return event.problem;
  if (event.kind === 'other') return { code: 'NO_VOLUME', detail: `an event of the network server: ${event.event}` };
  const formats = device.formats.map(find).filter((each) => each !== undefined);
  const format = formats.find((each) => each.name.startsWith('lorawan-')) ?? formats[0];
  if (format === undefined) {
    return { code: 'LORAWAN_FORMAT_MISSING', detail: 'the device is registered for no payload format' };
  }
  return {
    ...{ format, payload: event.uplink.payload, received_at: event.uplink.received_at },
    options: optionsOf(event.uplink, receivedAt_ms),
    storedAs: `${server.name}/${format.name}`,
  };
}

function optionsOf({ f_port, received_at }: LorawanUplink, receivedAt_ms: number): Opened['options'] {
  return {
    ...(f_port !== null && { f_port }),
    received_at_ms: received_at === null ? receivedAt_ms : Date.parse(received_at),
  };
}
