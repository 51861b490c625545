// ChirpStack v4: the JSON of its MQTT integration (`application/+/device/+/event/+`), forwarded to a gateway's topic.
//
// Source: chirpstack_api 4, integration.proto, as JSON: fields that are empty, 0 or false may be left out, so that an event
// is told by the fields only it has. Data are base64, EUIs hex.
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

/** The field that only that event has, in the order in which they are asked for. */
const telling: readonly (readonly [string, string])[] = [
  ['integrationName', 'integration'],
  ['level', 'log'],
  ['code', 'log'],
  ['description', 'log'],
  ['gatewayId', 'txack'],
  ['downlinkId', 'txack'],
  ['queueItemId', 'ack'],
  ['acknowledged', 'ack'],
  ['location', 'location'],
  ['margin', 'status'],
  ['batteryLevel', 'status'],
  ['batteryLevelUnavailable', 'status'],
  ['externalPowerSource', 'status'],
];

/** Fields of an uplink that has no data: MAC commands, or an empty frame that acknowledges. */
const ofUplink = ['rxInfo', 'txInfo', 'fCnt', 'fPort', 'dr', 'adr', 'confirmed'];

function read(message: Uint8Array): NetworkServerEvent {
  const event = jsonObject(message);
  const device = objectOf(event?.deviceInfo);
  if (event === null || device === null) {
    return serverProblem('CHIRPSTACK_INVALID', 'the message is not an event of ChirpStack 4: JSON with deviceInfo');
  }
  if (event.data === undefined || event.data === '') return withoutData(event);
  const dev_eui = devEuiOf(device.devEui);
  const f_port = portOf(event.fPort);
  const payload = payloadOf(event.data);
  if (dev_eui === null) return serverProblem('CHIRPSTACK_INVALID', 'deviceInfo.devEui is not 16 hex digits');
  if (f_port === undefined) return serverProblem('CHIRPSTACK_INVALID', 'fPort is not from 0 to 255');
  if (payload === null) return serverProblem('CHIRPSTACK_INVALID', 'data is not base64 of a LoRaWAN payload');
  const dedup_id = typeof event.deduplicationId === 'string' ? event.deduplicationId.slice(0, 64) : null;
  return { kind: 'uplink', uplink: { dev_eui, f_port, payload, received_at: instantOf(event.time), dedup_id } };
}

function withoutData(event: Record<string, unknown>): NetworkServerEvent {
  const told = telling.find(([field]) => Object.hasOwn(event, field));
  if (told !== undefined) return { kind: 'other', event: told[1] };
  if (ofUplink.some((field) => Object.hasOwn(event, field))) return { kind: 'other', event: 'up without data' };
  if (typeof event.devAddr === 'string') return { kind: 'other', event: 'join' };
  return serverProblem('CHIRPSTACK_INVALID', 'the message is no event that ChirpStack 4 is known to send');
}

export const chirpstack: NetworkServer = {
  name: 'chirpstack',
  read,
  examples: [
    {
      title: 'An uplink',
      message: JSON.stringify({
        deduplicationId: '3ac7e3c4-4401-4b8d-9386-a5c902f9202d',
        time: '2026-03-01T01:00:05.787983+00:00',
        deviceInfo: {
          tenantName: 'Waterworks',
          applicationName: 'Meters',
          deviceProfileName: 'Qalcosonic W1',
          deviceName: 'household 7',
          devEui: '0016C001F0000007',
          tags: {},
        },
        devAddr: '00189440',
        adr: true,
        dr: 1,
        fCnt: 24,
        fPort: 100,
        confirmed: false,
        data: 'EJ2jaQA3bwMA',
        rxInfo: [{ gatewayId: '0016c001f153a14c', uplinkId: 4217106255, rssi: -36, snr: 10.5, crcStatus: 'CRC_OK' }],
        txInfo: { frequency: 922_100_000 },
      }),
      expect: {
        kind: 'uplink',
        uplink: {
          dev_eui: '0016c001f0000007',
          f_port: 100,
          payload: Uint8Array.of(0x10, 0x9d, 0xa3, 0x69, 0x00, 0x37, 0x6f, 0x03, 0x00),
          received_at: '2026-03-01T01:00:05.787Z',
          dedup_id: '3ac7e3c4-4401-4b8d-9386-a5c902f9202d',
        },
      },
    },
    {
      title: 'A join',
      message: JSON.stringify({
        deduplicationId: 'c9dbe358-2578-4fb7-b295-66b44edc45a6',
        time: '2026-03-01T01:00:00.000Z',
        deviceInfo: { devEui: '0016c001f0000007' },
        devAddr: '00189440',
      }),
      expect: { kind: 'other', event: 'join' },
    },
    {
      title: 'Something else',
      message: '{"hello":"world"}',
      expect: serverProblem('CHIRPSTACK_INVALID', 'the message is not an event of ChirpStack 4: JSON with deviceInfo'),
    },
  ],
};
