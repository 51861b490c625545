// Brings commands to the devices connected to this process: at their next contact, again until they answer, and never from
// two processes at once.
import { Counter } from 'prom-client';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import type { DeviceLinks } from '../intake/device-credential.ts';
import { commandLimits, commandPayload, downTopic, readAcknowledgement } from './command.ts';
import {
  acknowledgeCommand,
  cancelCommand,
  claimCommands,
  expireCommands,
  findWaiting,
  queuedSince,
  releaseCommand,
  type ValvePrecondition,
} from './command-store.ts';

export interface CommandDeliveryOptions {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  /** Looked at again before each sending: what they refuse is cancelled. */
  valvePreconditions: readonly ValvePrecondition[];
  /** Something about an answer is wrong. */
  onStrangeAnswer(deviceNo: number, detail: string): void;
}

export interface CommandDelivery {
  attach(links: Pick<DeviceLinks, 'send'>): void;
  /** The device can be sent to from now on. */
  listening(deviceId: string): void;
  /** It is not connected here any more. */
  left(deviceId: string): void;
  /** It spoke, so it is awake. */
  heard(deviceId: string): void;
  /** What channel `naru_command` says: there is a new command for it. */
  queued(deviceId: string): void;
  /** Resolves when the answer is stored. @throws the database's error */
  acknowledged(device: { deviceId: string; deviceNo: number }, payload: Uint8Array): Promise<void>;
  /** Sends again what was not answered, makes good lost notifications, ends what has expired. */
  sweep(): Promise<void>;
}

export function createCommandDelivery(options: CommandDeliveryOptions): CommandDelivery {
  const { pool, clock, logger } = options;
  const here = new Set<string>();
  /** Those of them with something to be sent, and when. */
  const waiting = new Map<string, number>();
  const delivering = new Set<string>();
  const toLookUp = new Set<string>();
  let links: Pick<DeviceLinks, 'send'> | null = null;
  let lookingUp: NodeJS.Timeout | null = null;
  let since: string | null = null;
  const counter = (name: string, help: string) =>
    new Counter({ name: `naru_command_${name}`, help, registers: [options.metrics] });
  const sent = counter('sent_total', 'Commands handed to devices, those sent again too');
  const answered = counter('answered_total', 'Commands that devices answered');
  const now = () => new Date(clock.now_ms());

  function lookUp(deviceId: string): void {
    toLookUp.add(deviceId);
    if (lookingUp !== null) return;
    lookingUp = setTimeout(() => {
      lookingUp = null;
      const deviceIds = [...toLookUp];
      toLookUp.clear();
      findWaiting(pool, deviceIds, now()).then(
        (found) => {
          for (const { deviceId, due_ms } of found) {
            if (!here.has(deviceId)) continue;
            waiting.set(deviceId, due_ms);
            deliverIfDue(deviceId);
          }
        },
        (error: Error) => {
          logger.warn({ err: error }, 'commands could not be looked up; they are at the next sweep');
          for (const deviceId of deviceIds) if (here.has(deviceId)) toLookUp.add(deviceId);
        },
      );
    }, commandLimits.lookUpAfter_ms).unref();
  }

  function deliverIfDue(deviceId: string): void {
    if ((waiting.get(deviceId) ?? Number.POSITIVE_INFINITY) > clock.now_ms() || delivering.has(deviceId)) return;
    delivering.add(deviceId);
    deliver(deviceId)
      .catch((error: Error) => logger.warn({ err: error }, 'a command could not be delivered; it is tried again'))
      .finally(() => delivering.delete(deviceId));
  }

  async function deliver(deviceId: string): Promise<void> {
    const at_ms = clock.now_ms();
    const until_ms = at_ms + commandLimits.retryAfter_ms;
    const claimed = await claimCommands(pool, deviceId, {
      ...{ at: new Date(at_ms), claimedUntil: new Date(until_ms), limit: commandLimits.sentAtOnce },
    });
    if (claimed.length === 0) waiting.delete(deviceId);
    else waiting.set(deviceId, claimed.length === commandLimits.sentAtOnce ? at_ms : until_ms);
    for (const { command_id, kind, arguments: order } of claimed) {
      const objection = kind === 'valve' ? await objectionTo(command_id) : null;
      if (objection !== null) {
        await cancelCommand(pool, command_id, objection, now());
        continue;
      }
      const payload = commandPayload(command_id, order, clock.now_ms());
      if ((await links?.send(deviceId, downTopic(deviceId), payload, 1)) === true) sent.inc();
      else await releaseCommand(pool, command_id);
    }
  }

  async function objectionTo(commandId: number): Promise<string | null> {
    for (const precondition of options.valvePreconditions) {
      const objection = await precondition(pool, commandId);
      if (objection !== null) return objection;
    }
    return null;
  }

  return {
    attach: (given) => {
      links = given;
    },
    listening: (deviceId) => {
      here.add(deviceId);
      lookUp(deviceId);
    },
    left: (deviceId) => {
      here.delete(deviceId);
      waiting.delete(deviceId);
      toLookUp.delete(deviceId);
    },
    heard: deliverIfDue,
    queued: (deviceId) => {
      if (!here.has(deviceId)) return;
      waiting.set(deviceId, 0);
      deliverIfDue(deviceId);
    },
    acknowledged: async ({ deviceNo }, payload) => {
      const read = readAcknowledgement(payload);
      if (read === null) return options.onStrangeAnswer(deviceNo, 'an acknowledgement that is not {"id","status"}');
      const was = await acknowledgeCommand(pool, deviceNo, read, now());
      if (was === null) options.onStrangeAnswer(deviceNo, 'an acknowledgement of a command that it was not sent');
      else if (was === 'ended') answered.inc();
    },
    sweep: async () => {
      await expireCommands(pool, now());
      const { deviceIds, next } = await queuedSince(pool, since);
      since = next;
      for (const deviceId of new Set([...deviceIds, ...toLookUp])) if (here.has(deviceId)) lookUp(deviceId);
      for (const deviceId of waiting.keys()) deliverIfDue(deviceId);
    },
  };
}
