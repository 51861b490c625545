// The rules of MQTT's framing one by one, and what the recorded sequences don't reach: several packets, several clients.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PacketReader } from '../../../src/metering/intake/packet-reader.ts';
import { packet } from '../../support/mqtt-bytes.ts';
import { plainConnect, Talk } from '../../support/mqtt-talk.ts';
import { type OrdinaryBroker, openOrdinaryBroker } from '../../support/ordinary-broker.ts';

const hex = (...parts: (string | number[] | Buffer)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));
const field = (text: string) => hex([text.length >> 8, text.length & 0xff], text);
const connect = (level: number, flags: number, ...fields: Buffer[]) =>
  packet(0x10, hex(field(level === 3 ? 'MQIsdp' : 'MQTT'), [level, flags, 0, 10], ...fields));
const subscribe = (id: number, ...filters: [string, number][]) =>
  packet(0x82, hex([id >> 8, id & 0xff], ...filters.flatMap(([filter, qos]) => [field(filter), [qos]])));
const publish = (first: number, topic: string, payload: string, id: number[] = []) =>
  packet(first, hex(field(topic), id, payload));

let house: OrdinaryBroker;
beforeAll(async () => {
  house = await openOrdinaryBroker();
});
afterAll(() => house.close());

let names = 0;
/** A client that is connected, under a name of its own. */
async function connected({ level = 4, clientId = `c${++names}`, keepAlive_s = 10, flags = 2 } = {}): Promise<Talk> {
  const talk = await Talk.open(house.port);
  talk.send(plainConnect(level, clientId, keepAlive_s, flags));
  expect(await talk.hear(4)).toBe('20020000');
  return talk;
}

const WILL = 0b0000_0100;
const willOf = (topic: string, message: string) => [field(topic), field(message)] as const;

describe('a CONNECT', () => {
  test.each([
    ['an empty id in a clean session of 3.1.1 [MQTT-3.1.3-6]', connect(4, 2, field('')), '20020000'],
    ['an empty id in a session to keep [MQTT-3.1.3-8]', connect(4, 0, field('')), '20020002'],
    ['an empty id in 3.1', connect(3, 2, field('')), '20020002'],
    ['an id too long for 3.1', connect(3, 2, field('x'.repeat(65))), '20020002'],
    [
      'a level of 3.1.1 under the name of 3.1',
      packet(0x10, hex(field('MQIsdp'), [4, 2, 0, 10], field('a'))),
      '20020001',
    ],
    ['MQTT 5', packet(0x10, hex(field('MQTT'), [5, 2, 0, 10, 0], field('a'))), '20020001'],
    ['level 2', packet(0x10, hex(field('MQTT'), [2, 0, 0, 10], field('p'))), '20020001'],
    ['level 6', packet(0x10, hex(field('MQTT'), [6, 0, 0, 10], field('p'))), '20020001'],
    ['level 2 under the name of 3.1', packet(0x10, hex(field('MQIsdp'), [2, 0, 0, 10], field('p'))), '20020001'],
    ['a name that is not MQTT [MQTT-3.1.2-1]', packet(0x10, hex(field('HTTP'), [4, 2, 0, 10], field('a'))), ''],
    ['the reserved flag set [MQTT-3.1.2-3]', connect(4, 3, field('a')), ''],
    ['the reserved flag set, in 3.1', connect(3, 3, field('a31')), '20020000'],
    ['a will QoS without a will [MQTT-3.1.2-13]', connect(4, 0b0000_1010, field('a')), ''],
    ['a will topic with a wildcard', connect(4, 2 | WILL, field('a'), ...willOf('a/#', 'x')), ''],
    ['a will that is cut off', connect(4, 2 | WILL, field('a'), field('t')), ''],
    ['a password without a user name [MQTT-3.1.2-22]', connect(4, 0x42, field('a'), field('x')), ''],
    ['a user name announced and left out [MQTT-3.1.2-19]', connect(4, 0x82, field('a')), ''],
    ['a user name announced and left out, in 3.1', connect(3, 0x82, field('b31')), '20020000'],
    ['a user name that is no UTF-8', connect(4, 0x82, field('a'), hex([0, 2, 0xc0, 0x80])), ''],
    ['bytes behind its last field', connect(4, 2, field('a'), hex([0])), ''],
  ])('with %s is answered as it should be', async (_what, bytes, answer) => {
    const talk = await Talk.open(house.port);
    talk.send(bytes);
    if (answer === '20020000') expect(await talk.hear(4)).toBe(answer);
    else expect(await talk.hearTheEnd()).toBe(answer);
    talk.end();
  });

  test('may be followed by packets that did not wait for its CONNACK', async () => {
    const talk = await Talk.open(house.port);
    talk.send(hex(plainConnect(4, 'eager'), subscribe(1, ['eager', 1]), [0xc0, 0]));
    expect(await talk.hear(11)).toBe('200200009003000101d000');
    talk.end();
  });

  test('takes the place of a connection with the same id, and with a clean session its subscriptions [MQTT-3.1.4-2]', async () => {
    const first = await connected({ clientId: 'twin', flags: 0 });
    first.send(subscribe(1, ['twin', 1]));
    expect(await first.hear(5)).toBe('9003000101');
    const second = await Talk.open(house.port);
    second.send(plainConnect(4, 'twin', 10, 0));
    expect(await second.hear(4)).toBe('20020100');
    expect(await first.hearTheEnd()).toBe('');
    const third = await Talk.open(house.port);
    third.send(plainConnect(4, 'twin', 10, 2));
    expect(await third.hear(4)).toBe('20020000');
    expect(await second.hearTheEnd()).toBe('');
    third.send(publish(0x32, 'twin', 'x', [0, 7]));
    expect(await third.hear(4)).toBe('40020007');
    expect(await third.hearUntilPong()).toBe('d000');
    third.end();
  });
});

describe('a will', () => {
  async function watched(end: (talk: Talk) => void): Promise<string> {
    const watcher = await connected();
    watcher.send(subscribe(1, ['will/+', 0], ['end', 0]));
    expect(await watcher.hear(6)).toBe('900400010000');
    const talk = await Talk.open(house.port);
    talk.send(connect(4, 2 | WILL, field('dying'), ...willOf('will/x', 'gone')));
    expect(await talk.hear(4)).toBe('20020000');
    end(talk);
    await talk.hearTheEnd();
    // Its own session is over when its id is free, and messages keep their order.
    const next = await connected({ clientId: 'dying' });
    next.send(publish(0x30, 'end', 'end'));
    const end_ = publish(0x30, 'end', 'end').toString('hex');
    let heard = '';
    while (!heard.endsWith(end_)) heard += await watcher.hear(1);
    watcher.end();
    next.end();
    return heard.slice(0, -end_.length);
  }
  const will = publish(0x30, 'will/x', 'gone').toString('hex');

  test.each([
    ['is published when the connection breaks off [MQTT-3.1.2-8]', (talk: Talk) => talk.end(), will],
    ['is published after a malformed packet', (talk: Talk) => talk.send('c100'), will],
    ['is forgotten after DISCONNECT [MQTT-3.14.4-3]', (talk: Talk) => talk.send('e000'), ''],
  ])('%s', async (_what, end, expected) => {
    expect(await watched(end)).toBe(expected);
  });
});

describe('subscriptions', () => {
  test('are answered one by one, also where a filter is named twice [MQTT-3.8.4-5]', async () => {
    const talk = await connected();
    talk.send(subscribe(9, ['a', 1], ['b', 0], ['a', 1]));
    expect(await talk.hear(7)).toBe('90050009010001');
    talk.end();
  });

  test('bring nothing at a higher QoS than was granted, wildcards or not [MQTT-3.8.4-6]', async () => {
    const talk = await connected();
    talk.send(subscribe(1, ['w/#', 1]));
    expect(await talk.hear(5)).toBe('9003000101');
    talk.send(publish(0x34, 'w/x', 'm', [0, 5]));
    // The delivery and the PUBREC, in either order.
    const delivery = publish(0x32, 'w/x', 'm', [0, 1]);
    const heard = await talk.hear(delivery.length + 4);
    expect([`50020005${delivery.toString('hex')}`, `${delivery.toString('hex')}50020005`]).toContain(heard);
    talk.end();
  });

  test('get what was retained, until it is cleared [MQTT-3.3.1-6] [MQTT-3.3.1-10]', async () => {
    const talk = await connected();
    const kept = `kept/${++names}`;
    talk.send(publish(0x31, kept, 'm'));
    talk.send(subscribe(1, [kept, 0]));
    const retained = publish(0x31, kept, 'm');
    expect(await talk.hear(5 + retained.length)).toBe(`9003000100${retained.toString('hex')}`);
    talk.send(publish(0x31, kept, ''));
    const cleared = publish(0x30, kept, '');
    expect(await talk.hear(cleared.length)).toBe(cleared.toString('hex'));
    const later = await connected();
    later.send(subscribe(1, [kept, 0]));
    expect(await later.hear(5)).toBe('9003000100');
    expect(await later.hearUntilPong()).toBe('d000');
    later.end();
    talk.end();
  });

  test.each(['a/#/b', 'a#', 'a+/b', '', '/x'.repeat(100)])(
    'with the filter "%s" end the connection',
    async (filter) => {
      const talk = await connected();
      talk.send(subscribe(1, [filter, 0]));
      expect(await talk.hearTheEnd()).toBe('');
    },
  );

  test('of nothing at all, or of packet id 0, end the connection [MQTT-3.8.3-3] [MQTT-2.3.1-1]', async () => {
    for (const bytes of [
      packet(0x82, Buffer.from([0, 1])),
      subscribe(0, ['a', 0]),
      packet(0xa2, Buffer.from([0, 1])),
    ]) {
      const talk = await connected();
      talk.send(bytes);
      expect(await talk.hearTheEnd()).toBe('');
    }
  });
});

describe('MQTT 3.1', () => {
  test('lets flags be anything that it does not use', async () => {
    const talk = await connected({ level: 3 });
    const dup = subscribe(1, ['x31', 1]);
    dup[0] = 0x8a;
    talk.send(dup);
    expect(await talk.hear(5)).toBe('9003000101');
    talk.send('c500');
    expect(await talk.hear(2)).toBe('d000');
    talk.end();
  });

  test('wants QoS 1 of a SUBSCRIBE all the same', async () => {
    const talk = await connected({ level: 3 });
    const bytes = subscribe(1, ['x31', 1]);
    bytes[0] = 0x80;
    talk.send(bytes);
    expect(await talk.hearTheEnd()).toBe('');
  });
});

describe('QoS 2', () => {
  test('delivers a message once however often it is sent before its PUBREL [MQTT-4.3.3-2]', async () => {
    const watcher = await connected();
    watcher.send(subscribe(1, ['twice', 0]));
    await watcher.hear(5);
    const talk = await connected();
    talk.send(publish(0x34, 'twice', 'm', [0, 9]));
    expect(await talk.hear(4)).toBe('50020009');
    talk.send(publish(0x3c, 'twice', 'm', [0, 9]));
    expect(await talk.hear(4)).toBe('50020009');
    talk.send('62020009');
    expect(await talk.hear(4)).toBe('70020009');
    talk.send(publish(0x30, 'twice', 'end'));
    const all = hex(publish(0x30, 'twice', 'm'), publish(0x30, 'twice', 'end'));
    expect(await watcher.hear(all.length)).toBe(all.toString('hex'));
    expect(await watcher.hearUntilPong()).toBe('d000');
    watcher.end();
    talk.end();
  });
});

test('a client that is silent for one and a half keep-alives is closed, one that pings is not [MQTT-3.1.2-24]', async () => {
  const before = await house.refusals('keep_alive');
  // Long enough that a busy machine pings in time.
  const silent = await connected({ keepAlive_s: 4 });
  const alive = await connected({ keepAlive_s: 4 });
  let isSilentClosed = false;
  const end = silent.hearTheEnd().then(() => {
    isSilentClosed = true;
  });
  while (!isSilentClosed) {
    expect(await alive.hearUntilPong()).toBe('d000');
    await sleep(200);
  }
  await end;
  expect(await alive.hearUntilPong()).toBe('d000');
  expect(await house.refusals('keep_alive')).toBe(before + 1);
  alive.end();
});

test('a packet may be as large as configured once the client is admitted, and no larger', async () => {
  const small = await openOrdinaryBroker({}, 1_024);
  const talk = await Talk.open(small.port);
  talk.send(hex(plainConnect(4), publish(0x32, 'a', 'x'.repeat(1_024 - 5), [0, 1])));
  expect(await talk.hear(8)).toBe('2002000040020001');
  talk.send(publish(0x32, 'a', 'x'.repeat(1_024 - 4), [0, 2]));
  expect(await talk.hearTheEnd()).toBe('');
  expect(await small.refusals('packet_too_large')).toBe(1);
  await small.close();
});

test('a client that does not read its acknowledgements is read from again when it does', async () => {
  const talk = await connected();
  const many = 60_000;
  talk.pause();
  const packets = Buffer.concat(
    Array.from({ length: many }, (_, n) => publish(0x32, 'deaf', 'x', [(n + 1) >> 8, (n + 1) & 0xff])),
  );
  talk.send(packets);
  await sleep(100);
  talk.resume();
  expect((await talk.hear(4 * many)).length).toBe(8 * many);
  expect(await talk.hearUntilPong()).toBe('d000');
  talk.end();
});

describe('the packet reader', () => {
  test('finds the same packets however the bytes are cut', () => {
    const packets = [publish(0x30, 'a', 'x'.repeat(300)), hex([0xc0, 0]), publish(0x32, 'b', '', [0, 1])];
    const stream = hex(...packets);
    for (const size of [1, 2, 3, 7, 100, 303, stream.length]) {
      const reader = new PacketReader(1_000);
      const found: string[] = [];
      for (let at = 0; at < stream.length; at += size) {
        reader.feed(stream.subarray(at, at + size));
        while (reader.next()) found.push(reader.bytes.toString('hex', reader.from, reader.end));
      }
      expect(found).toEqual(packets.map((bytes) => bytes.toString('hex')));
    }
  });

  test('holds no more than about twice what came of a packet that declares much', () => {
    const reader = new PacketReader(65_536);
    reader.feed(packet(0x10, Buffer.alloc(100), 65_536));
    expect(reader.next()).toBe(false);
    expect(reader.bytes.length).toBeLessThanOrEqual(256);
  });
});
