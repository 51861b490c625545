// LoRaWAN network servers: their examples, the events that are no uplink, and messages that are not theirs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findNetworkServer, networkServers } from '../../devices/formats.ts';
import type { NetworkServerEvent } from '../../devices/network-server.ts';

function read(name: string, message: unknown): NetworkServerEvent {
  const server = findNetworkServer(name);
  if (server === undefined) throw new Error(`no server ${name}`);
  return server.read(Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)));
}

const examples = networkServers.flatMap(({ name, examples: own }) => own.map((example) => ({ name, ...example })));

it.each(examples)('$name: $title', ({ name, message, expect: expected }) => {
  expect(read(name, message)).toEqual(expected);
});

const deviceInfo = { devEui: '0016c001f0000007' };
const time = '2026-03-01T01:00:00Z';

describe('ChirpStack events that are no uplink', () => {
  it.each([
    ['status', { deduplicationId: 'd', time, deviceInfo, margin: 7, batteryLevel: 75.5 }],
    ['status', { deduplicationId: 'd', time, deviceInfo, batteryLevelUnavailable: true }],
    ['ack', { queueItemId: 'q', deduplicationId: 'd', time, deviceInfo, acknowledged: true, fCntDown: 4 }],
    ['txack', { downlinkId: 1, time, deviceInfo, queueItemId: 'q', fCntDown: 4, gatewayId: 'g', txInfo: {} }],
    ['log', { time, deviceInfo, level: 'ERROR', code: 'UPLINK_CODEC', description: 'x', context: {} }],
    ['location', { deduplicationId: 'd', time, deviceInfo, location: { latitude: 1 } }],
    ['integration', { deduplicationId: 'd', time, deviceInfo, integrationName: 'loraCloud', eventType: 'up' }],
    ['up without data', { deduplicationId: 'd', time, deviceInfo, devAddr: '00', fCnt: 3, rxInfo: [] }],
    ['up without data', { deduplicationId: 'd', time, deviceInfo, devAddr: '00', dr: 1, data: '' }],
  ])('%s', (event, message) => {
    expect(read('chirpstack', message)).toEqual({ kind: 'other', event });
  });
});

describe('The Things Stack’s messages that are no uplink', () => {
  it.each([
    ...['downlink_ack', 'downlink_nack', 'downlink_sent', 'downlink_failed', 'downlink_queued'],
    ...['downlink_queue_invalidated', 'location_solved', 'service_data', 'uplink_normalized'],
  ])('%s', (event) => {
    expect(read('ttn', { end_device_ids: { dev_eui: deviceInfo.devEui }, [event]: {} })).toEqual({
      kind: 'other',
      event,
    });
  });

  it('an uplink of MAC commands alone', () => {
    expect(read('ttn', { end_device_ids: {}, uplink_message: { f_cnt: 1 } })).toMatchObject({ kind: 'other' });
  });
});

describe('an uplink', () => {
  const up = { deduplicationId: 'd', time, deviceInfo, data: 'AA==' };
  const ttn = (uplink: object) => ({ end_device_ids: { dev_eui: deviceInfo.devEui }, uplink_message: uplink });

  it('without a port, as servers leave out a 0, and without a time', () => {
    expect(read('chirpstack', { ...up, time: 'yesterday' })).toMatchObject({
      kind: 'uplink',
      uplink: { f_port: null, received_at: null, dedup_id: 'd' },
    });
    expect(read('ttn', ttn({ frm_payload: 'AA==', session_key_id: 's' }))).toMatchObject({
      kind: 'uplink',
      uplink: { f_port: null, received_at: null, dedup_id: 's/0' },
    });
  });

  it.each([
    ['a DevEUI that is none', { ...up, deviceInfo: { devEui: '0016c001f000000' } }],
    ['a port of 256', { ...up, fPort: 256 }],
    ['a port that is text', { ...up, fPort: '100' }],
    ['data in hex', { ...up, data: '0016c' }],
    ['data with a space', { ...up, data: 'AA= ' }],
    ['data longer than any frame', { ...up, data: Buffer.alloc(243).toString('base64') }],
    ['an event of ChirpStack 3', { applicationID: '1', devEUI: 'AAAA', data: 'AA==' }],
    ['a list', [up]],
    ['no JSON', '{'],
    ['nothing', ''],
    ['brackets without end', '['.repeat(60_000)],
  ])('with %s is a problem', (_what, message) => {
    expect(read('chirpstack', message)).toMatchObject({ kind: 'problem', problem: { code: 'CHIRPSTACK_INVALID' } });
  });

  it.each([
    ['a DevEUI that is none', { end_device_ids: {}, uplink_message: { frm_payload: 'AA==' } }],
    ['a port of -1', ttn({ frm_payload: 'AA==', f_port: -1 })],
    ['a payload that is no base64', ttn({ frm_payload: '!' })],
    ['nothing that is known', { end_device_ids: {}, something: {} }],
  ])('of The Things Stack with %s is a problem', (_what, message) => {
    expect(read('ttn', message)).toMatchObject({ kind: 'problem', problem: { code: 'TTN_INVALID' } });
  });
});

it.each(networkServers.map(({ name }) => name))('%s never throws, whatever the JSON', (name) => {
  const key = fc.constantFrom('deviceInfo', 'devEui', 'data', 'fPort', 'time', 'end_device_ids', 'uplink_message', 'x');
  const json = fc.letrec((tie) => ({
    any: fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.dictionary(key, tie('any'), { maxKeys: 4 })),
  })).any;
  fc.assert(
    fc.property(json, (message) => {
      expect(['uplink', 'other', 'problem']).toContain(read(name, message).kind);
    }),
  );
});
