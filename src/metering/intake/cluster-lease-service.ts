// Which of the cluster's sessions this copy serves: takes one at start, renews it, and takes up those of copies that died.
//
// A cluster keeps for each session what it gave and saw no acknowledgement for, and goes on giving to sessions whose
// copy is away. So a session is never dropped: a copy that stops leaves its own behind, and another one, or the same
// after a restart, goes on with it. There are as many sessions as copies ever ran at once.
import type { Logger } from '../../platform/logger.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { adoptSession, releaseSession, renewSessions, takeSession } from './cluster-session-store.ts';
import { intakeLimits } from './intake-limits.ts';

export interface Leases {
  /** From now on no session comes or goes; those held are held on for a while. */
  stop(): Promise<void>;
  /** Gives up every session, for others to take at once. */
  release(): Promise<void>;
}

export interface LeaseEvents {
  /** The session is ours from now on. */
  onHeld(slot: number): void;
  /** It is no longer: resolves when nothing more is taken from it. */
  onLost(slot: number): Promise<void>;
}

export interface LeaseOptions extends LeaseEvents {
  pool: Pool;
  /** Names this process; a UUID. */
  holder: string;
  logger: Logger;
}

/** Returns at once; sessions come when the database gives them. */
export function holdLeases(options: LeaseOptions): Leases {
  return new LeaseKeeper(options);
}

const terms = intakeLimits.cluster;

class LeaseKeeper implements Leases {
  readonly #options: LeaseOptions;
  readonly #held = new Set<number>();
  /** Renewals in a row that the database answered; a copy that was cut off itself must not judge others by their silence. */
  #renewals = 0;
  #round: Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#round = this.#step();
  }

  async stop(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  async release(): Promise<void> {
    const { pool, holder, logger } = this.#options;
    for (const slot of this.#held) {
      await releaseSession(pool, holder, slot).catch(() =>
        logger.warn(
          { slot },
          'the database is away: this copy could not give its cluster session up; another takes it',
        ),
      );
    }
  }

  async #step(): Promise<void> {
    try {
      await this.#renew();
      if (this.#closing) return;
      if (this.#held.size === 0) this.#hold(await takeSession(this.#options.pool, this.#options.holder, terms));
      else if (this.#renewals > terms.renewalsBeforeAdopting) {
        this.#hold(await adoptSession(this.#options.pool, this.#options.holder, terms));
      }
    } catch {
      // The database is away: for everybody, so nobody takes a session meanwhile. What arrives waits in the commit queue.
      this.#renewals = 0;
    }
    if (this.#closing) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#step();
    }, terms.renewEvery_ms);
  }

  async #renew(): Promise<void> {
    const { pool, holder, logger, onLost } = this.#options;
    const still = new Map((await renewSessions(pool, holder)).map(({ slot, asked }) => [slot, asked]));
    this.#renewals += 1;
    for (const slot of this.#held) {
      const asked = still.get(slot);
      if (asked === false || (asked === true && this.#held.size === 1)) continue;
      this.#held.delete(slot);
      logger.info(
        { slot },
        asked ? 'a cluster session goes to another copy' : 'another copy took this cluster session',
      );
      await onLost(slot);
      if (asked) await releaseSession(pool, holder, slot);
    }
    if (this.#closing) return;
    // One that the database gave us without our hearing the answer.
    for (const slot of still.keys()) if (!this.#held.has(slot) && still.get(slot) === false) this.#hold(slot);
  }

  #hold(slot: number | null): void {
    if (slot === null) {
      if (this.#held.size === 0) this.#options.logger.info('waits for a cluster session that another copy gives up');
      return;
    }
    this.#held.add(slot);
    this.#options.logger.info({ slot }, 'this copy serves a cluster session');
    this.#options.onHeld(slot);
  }
}
