// What the broker offers to the rest of the intake: sending to one device, cutting it off, slowing it down.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { packet, publishPacket } from '../../support/mqtt-bytes.ts';
import { plainConnect, Talk } from '../../support/mqtt-talk.ts';
import { type OrdinaryBroker, openOrdinaryBroker } from '../../support/ordinary-broker.ts';

const topic = 'down/p';
const subscribe = packet(
  0x82,
  Buffer.concat([Buffer.from([0, 1, 0, topic.length]), Buffer.from(topic), Buffer.from([1])]),
);
const command = (qos: 0 | 1, id: number[]) =>
  packet(
    qos === 1 ? 0x32 : 0x30,
    Buffer.concat([Buffer.from([0, topic.length]), Buffer.from(topic), Buffer.from(id), Buffer.from('open')]),
  );

async function withBroker(
  rules: Parameters<typeof openOrdinaryBroker>[0],
  test: (house: OrdinaryBroker) => Promise<void>,
) {
  const house = await openOrdinaryBroker(rules);
  try {
    await test(house);
  } finally {
    await house.close();
  }
}

async function listening(house: OrdinaryBroker, flags: number): Promise<Talk> {
  const talk = await Talk.open(house.port);
  talk.send(plainConnect(4, 'p', 10, flags));
  expect(await talk.hear(4)).toBe('20020000');
  talk.send(subscribe);
  expect(await talk.hear(5)).toBe('9003000101');
  await expect.poll(() => house.listening).toEqual(['p']);
  return talk;
}

describe.each([
  ['which is noted here', 'direct', 2],
  ['which aedes keeps', 'routed', 2],
  ['of a session that is kept', 'direct', 0],
] as const)('a device with a subscription %s', (_what, rule, flags) => {
  const sent = (house: OrdinaryBroker, qos: 0 | 1 = 1) => house.broker.send('p', topic, Buffer.from('open'), qos);

  test('is sent a command, which counts once it is acknowledged', () =>
    withBroker({ subscribe: () => rule }, async (house) => {
      const talk = await listening(house, flags);
      let answer: boolean | undefined;
      const sending = sent(house).then((acknowledged) => {
        answer = acknowledged;
      });
      const expected = command(1, [0xff, 0xff]);
      expect(await talk.hear(expected.length)).toBe(expected.toString('hex'));
      expect(await talk.hearUntilPong()).toBe('d000');
      expect(answer).toBe(undefined);
      talk.send('4002ffff');
      await sending;
      expect(answer).toBe(true);
      talk.end();
    }));

  test('is sent one at QoS 0 without an answer', () =>
    withBroker({ subscribe: () => rule }, async (house) => {
      const talk = await listening(house, flags);
      expect(await sent(house, 0)).toBe(true);
      const expected = command(0, []);
      expect(await talk.hear(expected.length)).toBe(expected.toString('hex'));
      talk.end();
    }));

  test('that goes away before it acknowledged has not got it', () =>
    withBroker({ subscribe: () => rule }, async (house) => {
      const talk = await listening(house, flags);
      const sending = sent(house);
      await talk.hear(command(1, [0, 0]).length);
      talk.end();
      expect(await sending).toBe(false);
    }));

  test('that answers with something else is closed', () =>
    withBroker({ subscribe: () => rule }, async (house) => {
      const talk = await listening(house, flags);
      const sending = sent(house);
      await talk.hear(command(1, [0, 0]).length);
      talk.send('5002ffff');
      expect(await talk.hearTheEnd()).toBe('');
      expect(await sending).toBe(false);
    }));

  test('hears nothing once it has unsubscribed', () =>
    withBroker({ subscribe: () => rule }, async (house) => {
      const talk = await listening(house, flags);
      talk.send(packet(0xa2, Buffer.concat([Buffer.from([0, 2, 0, topic.length]), Buffer.from(topic)])));
      expect(await talk.hear(4)).toBe('b0020002');
      expect(await sent(house)).toBe(false);
      talk.end();
    }));
});

test('nobody is sent anything who is not there, or does not listen', () =>
  withBroker({}, async (house) => {
    expect(await house.broker.send('p', topic, Buffer.from('open'), 1)).toBe(false);
    const talk = await Talk.open(house.port);
    talk.send(plainConnect(4));
    await talk.hear(4);
    expect(await house.broker.send('p', topic, Buffer.from('open'), 1)).toBe(false);
    expect(await talk.hearUntilPong()).toBe('d000');
    talk.end();
  }));

test('a kept session says that its device listens as soon as it is back', () =>
  withBroker({ subscribe: () => 'direct' }, async (house) => {
    const talk = await listening(house, 0);
    talk.send('e000');
    await talk.hearTheEnd();
    const again = await Talk.open(house.port);
    again.send(plainConnect(4, 'p', 10, 0));
    expect(await again.hear(4)).toBe('20020100');
    await expect.poll(() => house.listening).toEqual(['p', 'p']);
    again.end();
  }));

test('a device that is cut off is gone, and the others stay', () =>
  withBroker({}, async (house) => {
    const [talk, other] = [await Talk.open(house.port), await Talk.open(house.port)];
    talk.send(plainConnect(4, 'p'));
    other.send(plainConnect(4, 'q'));
    await Promise.all([talk.hear(4), other.hear(4)]);
    house.broker.disconnect('nobody');
    house.broker.disconnect('p');
    expect(await talk.hearTheEnd()).toBe('');
    expect(await other.hearUntilPong()).toBe('d000');
    other.end();
  }));

test('a device that the policy slows down is not read from meanwhile, and is told nothing', () => {
  const asked: number[] = [];
  const rules = {
    pauseAfter_ms: (_device: unknown, messages: number) => {
      asked.push(messages);
      return asked.length === 1 ? 300 : 0;
    },
  };
  return withBroker(rules, async (house) => {
    const talk = await Talk.open(house.port);
    talk.send(Buffer.concat([plainConnect(4), publishPacket('a', 'x', 1), publishPacket('a', 'x', 2)]));
    expect(await talk.hear(12)).toBe('200200004002000140020002');
    expect(asked).toEqual([2]);
    talk.send(publishPacket('a', 'x', 3));
    expect(await talk.hear(4)).toBe('40020003');
    expect(asked).toEqual([2, 1]);
    talk.end();
  });
});

test('a connection that another listener accepted is served like the others', () =>
  withBroker({}, async (house) => {
    const server = createServer((socket) =>
      house.broker.admit(socket, { address: '192.0.2.1', transport: 'tls', proof: null }),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const talk = await Talk.open((server.address() as { port: number }).port);
    talk.send(plainConnect(4));
    expect(await talk.hear(4)).toBe('20020000');
    talk.end();
    server.close();
  }));
