// Takes what gateways publish to the commit queue, each message in the name of the device it is from.
//
// Who is from where is asked of the database for each batch and kept nowhere: a grant given or taken holds at once, on
// every copy of the service. One question is under way at a time, and what comes meanwhile goes along with the next, so
// that messages keep their order and a busy gateway costs a question a batch.
import type { Logger } from '../../platform/logger.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import type { CommitQueue } from './commit-service.ts';
import { sqlState } from './database-fault.ts';
import { findGrants, type Grant } from './gateway-store.ts';
import { type Forwarded, forwarded } from './gateway-uplink.ts';
import { intakeLimits } from './intake-limits.ts';
import type { IntakeMetrics } from './intake-metrics.ts';
import { gatewayPrefix } from './topic-rules.ts';
import type { Delivery, Settled } from './uplink.ts';

export interface GatewayIntakeOptions {
  pool: Pool;
  queue: CommitQueue;
  logger: Logger;
  metrics: () => IntakeMetrics;
}

interface Waiting {
  delivery: Delivery;
  what: Forwarded;
  settled: Settled;
}

/**
 * The queue for everybody: what a device published goes straight on; what `delivery.device` published on its gateway topic
 * (`gateway/` before the format) is asked for first. That is settled as stored after the commit, and for an event in which
 * no device reports anything; as not stored where the publisher is no gateway, or the database is away.
 */
export function withGateways({ pool, queue, logger, metrics }: GatewayIntakeOptions): CommitQueue {
  let gathering: Waiting[] = [];
  let asking = false;

  async function ask(): Promise<void> {
    while (gathering.length > 0) {
      const batch = gathering;
      gathering = [];
      await route(batch);
    }
    asking = false;
  }

  async function route(batch: readonly Waiting[]): Promise<void> {
    let grants: Grant[];
    try {
      grants = await findGrants(
        pool,
        batch.map(({ delivery, what }) => ({
          gatewayNo: delivery.device.deviceNo,
          address: what.kind === 'from' ? what.address : '',
        })),
      );
    } catch (error) {
      // Not acknowledged: the gateway keeps it and sends it again.
      logger.warn({ messages: batch.length, sqlstate: sqlState(error) }, 'the database did not tell gateways’ grants');
      for (const { delivery, settled } of batch) settled(false, delivery.packetId);
      return;
    }
    for (const [index, waiting] of batch.entries()) settle(waiting, grants[index]);
  }

  function settle({ delivery, what, settled }: Waiting, grant: Grant | undefined): void {
    if (grant === undefined || !grant.isGateway) {
      metrics().refused.inc({ reason: 'topic' });
      settled(false, delivery.packetId);
    } else if (!delivery.device.formats.includes(delivery.format)) {
      const detail = 'the gateway is not registered for this format';
      queue.add({ ...delivery, problem: { code: 'FORMAT_NOT_OF_GATEWAY', detail } }, settled);
    } else if (what.kind === 'nothing') settled(true, delivery.packetId);
    else if (what.kind === 'problem') queue.add({ ...delivery, problem: what.problem }, settled);
    else if (grant.device === null) queue.add({ ...delivery, problem: notGranted(what.address) }, settled);
    else queue.add({ ...delivery, device: grant.device }, settled);
  }

  function take(delivery: Delivery, settled: Settled): void {
    if (gathering.length >= intakeLimits.inFlightMessages) {
      settled(false, delivery.packetId);
      return;
    }
    gathering.push({ delivery, what: forwarded(delivery.format, delivery.payload), settled });
    if (asking) return;
    asking = true;
    setImmediate(() => void ask());
  }

  return {
    add: (delivery, settled) => {
      const { format } = delivery;
      if (!format.startsWith(gatewayPrefix)) queue.add(delivery, settled);
      else take({ ...delivery, format: format.slice(gatewayPrefix.length) }, settled);
    },
    inFlight: () => queue.inFlight(),
    isFull: () => queue.isFull(),
    whenRoom: (proceed) => queue.whenRoom(proceed),
    close: () => queue.close(),
  };
}

/** The address is named, since it is what a person needs to grant it; it says nothing about anybody. */
function notGranted(address: string) {
  return {
    code: 'DEVICE_NOT_GRANTED',
    detail: `the gateway was not granted a device with the address ${address}; grant it, or take it off the gateway`,
  };
}
