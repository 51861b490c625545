// Brings one call into a block: signs it under the lowest unmined nonce, records it, sends it, and raises its fee where
// it is stuck. Never two transactions that could both be mined for one thing.
import { formatEther, formatUnits } from 'ethers';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Queryable } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { anchoringLimits } from './anchoring-limits.ts';
import type { Call, ChainAccount } from './chain-account-port.ts';
import { nextFees } from './sending-fees.ts';
import { insertSending, readSendings, recordRefused, type Sending, type SendingPurpose } from './sending-store.ts';

export interface SenderSettings {
  /** A transaction that is in no block after this time gets a higher fee. */
  stuckAfter_ms: number;
  /** The most for one gas. */
  maxFee_wei: bigint;
}

export interface ChainTask {
  what: SendingPurpose;
  /** Of a commit; else `null`. */
  epoch: number | null;
  call: Call;
  estimateGas(): Promise<bigint>;
}

export interface SenderEvents {
  sent(): void;
  feeRaised(): void;
}

export interface Sender {
  /**
   * One step for what is not on the chain yet; never waits for a block. Call again until the chain shows the effect.
   *
   * A transaction of this account that somebody else made is waited for as long as one of ours, then replaced. A gap below
   * one of ours is filled with an empty transfer to ourselves, one below somebody else's by what we send next.
   *
   * @param session the connection that holds the lock of the only worker: recording fails once the lock is lost, and what
   *   is not recorded is not sent
   * @throws CHAIN_FUNDS_MISSING, CHAIN_FEE_CEILING
   */
  advance(session: Queryable, account: ChainAccount, task: ChainTask): Promise<void>;
}

export function createSender(
  { stuckAfter_ms, maxFee_wei }: SenderSettings,
  clock: Clock,
  logger: Logger,
  events: SenderEvents,
): Sender {
  let foreign: { nonce: number; since_ms: number } | null = null;

  async function advance(session: Queryable, account: ChainAccount, task: ChainTask): Promise<void> {
    const { lowest, free } = await account.nonces();
    const all = await readSendings(session, account.address, { ...task, fromNonce: lowest });
    const own = all.filter(({ what, epoch }) => what === task.what && epoch === task.epoch);
    const waiting = own.filter(({ nonce, refused }) => nonce >= lowest && !refused);
    const current = waiting[0];
    if (current === undefined) {
      if (await isMined(account, task, own)) return;
      if (mustWaitForForeign(lowest, free, all)) return;
      return send(session, account, task, lowest, all);
    }
    if (current.nonce > lowest) await fillGap(session, account, lowest, all);
    await follow(session, account, task, current, all);
  }

  /** The lists that the caller decided by may be older than the nonce: what is mined must not be made again. */
  async function isMined(account: ChainAccount, { what }: ChainTask, own: readonly Sending[]): Promise<boolean> {
    if (what !== 'commit' && what !== 'deploy') return false;
    for (const { transaction } of own.slice(0, anchoringLimits.receiptsAsked))
      if (await account.hasSucceeded(transaction)) return true;
    return false;
  }

  function mustWaitForForeign(lowest: number, free: number, all: readonly Sending[]): boolean {
    if (free <= lowest || all.some(({ nonce }) => nonce === lowest)) {
      foreign = null;
      return false;
    }
    const now_ms = clock.now_ms();
    if (foreign?.nonce !== lowest) {
      foreign = { nonce: lowest, since_ms: now_ms };
      logger.warn({ nonce: lowest }, "a transaction that is not ours waits under the committer's next nonce");
    }
    return now_ms - foreign.since_ms < stuckAfter_ms;
  }

  async function follow(
    session: Queryable,
    account: ChainAccount,
    task: ChainTask,
    current: Sending,
    all: readonly Sending[],
  ): Promise<void> {
    // What fell out of the node's pool, or went to a node that is away now, goes again as it is.
    if (!(await account.knows(current.transaction))) await deliver(session, account, current);
    if (clock.now_ms() - current.sentAt.getTime() < stuckAfter_ms) return;
    await send(session, account, task, current.nonce, all, current.gasLimit);
    events.feeRaised();
    logger.warn({ what: task.what, epoch: task.epoch, nonce: current.nonce }, 'a transaction is stuck; raised its fee');
  }

  async function fillGap(
    session: Queryable,
    account: ChainAccount,
    lowest: number,
    all: readonly Sending[],
  ): Promise<void> {
    const call: Call = { to: account.address, data: '0x' };
    const task: ChainTask = { what: 'fill', epoch: null, call, estimateGas: () => account.estimateGas(call) };
    const current = all.find(({ nonce, what, refused }) => nonce === lowest && what === 'fill' && !refused);
    if (current !== undefined) return follow(session, account, task, current, all);
    logger.warn({ nonce: lowest }, 'no transaction has the nonce below ours; filling it');
    await send(session, account, task, lowest, all);
  }

  async function send(
    session: Queryable,
    account: ChainAccount,
    task: ChainTask,
    nonce: number,
    all: readonly Sending[],
    knownGasLimit?: bigint,
  ): Promise<void> {
    const before = all.filter((sending) => sending.nonce === nonce);
    const suggested = await account.suggestedFees();
    const fees = nextFees(suggested, before, maxFee_wei);
    if (fees === null) throw ceilingReached(task, suggested.max_wei);
    const gasLimit = knownGasLimit ?? withMargin(await task.estimateGas());
    await requireFunds(account, gasLimit * fees.max_wei);
    const made = await account.sign(task.call, nonce, gasLimit, fees);
    const sending: Sending = {
      ...{ ...made, ...fees, nonce, gasLimit, what: task.what, epoch: task.epoch },
      sentAt: new Date(clock.now_ms()),
      refused: false,
    };
    await insertSending(session, account.address, sending);
    events.sent();
    await deliver(session, account, sending);
    logger.debug({ what: task.what, epoch: task.epoch, transaction: made.transaction }, 'sent a transaction');
  }

  async function deliver(session: Queryable, account: ChainAccount, sending: Sending): Promise<void> {
    const reception = await account.send(sending.signed);
    // The next step offers more.
    if (reception === 'too-cheap') await recordRefused(session, sending.transaction);
    if (reception === 'funds-missing') {
      await recordRefused(session, sending.transaction);
      await requireFunds(account, sending.gasLimit * sending.max_wei);
    }
  }

  function ceilingReached({ what, epoch }: ChainTask, suggested_wei: bigint) {
    return problem(
      'CHAIN_FEE_CEILING',
      `The ${what}${epoch === null ? '' : ` of epoch ${epoch}`} would need a higher fee than CHAIN_MAX_FEE_GWEI ` +
        `(${formatUnits(maxFee_wei, 'gwei')} gwei) allows; the node suggests ${formatUnits(suggested_wei, 'gwei')} gwei. ` +
        'Raise the setting, or wait for the network to be less busy.',
    );
  }

  return { advance };
}

function withMargin(gas: bigint): bigint {
  return (gas * BigInt(100 + anchoringLimits.gasMargin_percent)) / 100n;
}

/** @throws CHAIN_FUNDS_MISSING */
async function requireFunds(account: ChainAccount, needed_wei: bigint): Promise<void> {
  const balance_wei = await account.balance_wei();
  if (balance_wei >= needed_wei) return;
  throw problem(
    'CHAIN_FUNDS_MISSING',
    `The committer's account ${account.address} holds ${formatEther(balance_wei)} of the chain's coin; a transaction now ` +
      `takes up to ${formatEther(needed_wei)}, so ${formatEther(needed_wei - balance_wei)} is missing. Send it there.`,
  );
}
