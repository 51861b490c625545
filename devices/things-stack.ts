// The Things Stack v3 (The Things Network): the JSON of its MQTT integration (`v3/+/devices/+/#`), forwarded to a gateway's
// topic.
//
// Source: The Things Industries, «Data Formats» (ApplicationUp): empty fields are left out, payloads are base64, EUIs hex,
// times to the nanosecond. Each message has one of the fields below beside who it is from.
import {
  devEuiOf,
  instantOf,
  jsonObject,
  type NetworkServer,
  type NetworkServerEvent,
  objectOf,
  payloadOf,
  portOf,
  serverProblem,
} from './network-server.ts';

const others = [
  ...['join_accept', 'downlink_ack', 'downlink_nack', 'downlink_sent', 'downlink_failed', 'downlink_queued'],
  ...['downlink_queue_invalidated', 'location_solved', 'service_data'],
  // The same uplink once more, in the decoded form of somebody's formatter.
  'uplink_normalized',
];

function read(message: Uint8Array): NetworkServerEvent {
  const up = jsonObject(message);
  const device = objectOf(up?.end_device_ids);
  if (up === null || device === null) {
    return serverProblem('TTN_INVALID', 'the message is not of The Things Stack 3: JSON with end_device_ids');
  }
  const uplink = objectOf(up.uplink_message);
  if (uplink === null) {
    const event = others.find((field) => Object.hasOwn(up, field));
    if (event !== undefined) return { kind: 'other', event };
    return serverProblem('TTN_INVALID', 'the message is none that The Things Stack 3 is known to send');
  }
  // The console can send what no device sent.
  if (up.simulated === true) return serverProblem('UPLINK_SIMULATED', 'the uplink was simulated: no meter measured it');
  if (uplink.frm_payload === undefined || uplink.frm_payload === '') {
    return { kind: 'other', event: 'uplink_message without payload' };
  }
  const dev_eui = devEuiOf(device.dev_eui);
  const f_port = portOf(uplink.f_port);
  const payload = payloadOf(uplink.frm_payload);
  if (dev_eui === null) return serverProblem('TTN_INVALID', 'end_device_ids.dev_eui is not 16 hex digits');
  if (f_port === undefined) return serverProblem('TTN_INVALID', 'f_port is not from 0 to 255');
  if (payload === null) return serverProblem('TTN_INVALID', 'frm_payload is not base64 of a LoRaWAN payload');
  // The network server's time: the outer one is the application server's, which is later.
  const received_at = instantOf(uplink.received_at) ?? instantOf(up.received_at);
  return { kind: 'uplink', uplink: { dev_eui, f_port, payload, received_at, dedup_id: dedupOf(uplink) } };
}

/** A session's frames are numbered once: its key and the counter (left out for 0) name an uplink. */
function dedupOf(uplink: Record<string, unknown>): string | null {
  const { session_key_id: session, f_cnt: count = 0 } = uplink;
  return typeof session === 'string' && Number.isInteger(count) ? `${session.slice(0, 64)}/${count}` : null;
}

export const thingsStack: NetworkServer = {
  name: 'ttn',
  read,
  examples: [
    {
      title: 'An uplink',
      message: JSON.stringify({
        end_device_ids: {
          device_id: 'household-7',
          application_ids: { application_id: 'meters' },
          dev_eui: '0016C001F0000007',
          join_eui: '0000000000000000',
          dev_addr: '00BCB929',
        },
        correlation_ids: ['as:up:01E0WZGT6Y7657CPFPE5WEYDSQ'],
        received_at: '2026-03-01T01:00:05.901477831Z',
        uplink_message: {
          session_key_id: 'AXBSH1Pk6Z0G166/7e9m5Q==',
          f_port: 100,
          f_cnt: 24,
          frm_payload: 'EJ2jaQA3bwMA',
          rx_metadata: [{ gateway_ids: { gateway_id: 'roof' }, rssi: -35, snr: 5, time: '2026-03-01T01:00:05.5Z' }],
          settings: { data_rate: { lora: { bandwidth: 125000, spreading_factor: 7 } }, frequency: '922100000' },
          received_at: '2026-03-01T01:00:05.787983422Z',
        },
      }),
      expect: {
        kind: 'uplink',
        uplink: {
          dev_eui: '0016c001f0000007',
          f_port: 100,
          payload: Uint8Array.of(0x10, 0x9d, 0xa3, 0x69, 0x00, 0x37, 0x6f, 0x03, 0x00),
          received_at: '2026-03-01T01:00:05.787Z',
          dedup_id: 'AXBSH1Pk6Z0G166/7e9m5Q==/24',
        },
      },
    },
    {
      title: 'A join',
      message: JSON.stringify({
        end_device_ids: { device_id: 'household-7', dev_eui: '0016C001F0000007' },
        received_at: '2026-03-01T01:00:00Z',
        join_accept: { session_key_id: 'AXBSH1Pk6Z0G166/7e9m5Q==', received_at: '2026-03-01T01:00:00Z' },
      }),
      expect: { kind: 'other', event: 'join_accept' },
    },
    {
      title: 'An uplink that the console simulated',
      message: JSON.stringify({
        end_device_ids: { device_id: 'household-7', dev_eui: '0016C001F0000007' },
        uplink_message: { f_port: 100, frm_payload: 'EJ2jaQA3bwMA' },
        simulated: true,
      }),
      expect: serverProblem('UPLINK_SIMULATED', 'the uplink was simulated: no meter measured it'),
    },
  ],
};
