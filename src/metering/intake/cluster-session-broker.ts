// One session at the cluster: connected again whenever its connection ends, with the next address.
import type { Logger } from '../../platform/logger.ts';
import {
  type ClusterConnection,
  type ClusterLogin,
  type ClusterMessage,
  connectCluster,
} from './cluster-connection-broker.ts';
import type { ConnectionEnd } from './cluster-refusals.ts';
import { sessionClientId, sharedFilters } from './cluster-topics.ts';
import { intakeLimits } from './intake-limits.ts';

export interface ClusterSessionOptions {
  /** Tried in turn. */
  urls: readonly string[];
  login: ClusterLogin;
  /** Name of the shared subscription, and what the ids of our sessions begin with. */
  group: string;
  logger: Logger;
}

const limits = intakeLimits.cluster;

export class ClusterSession {
  /** Resolves after the first round over all addresses: null when it is subscribed. */
  readonly tried: Promise<ConnectionEnd | null>;
  isOpen = false;
  readonly #options: ClusterSessionOptions;
  readonly #slot: number;
  readonly #take: (message: ClusterMessage) => Promise<void> | undefined;
  #connection: ClusterConnection | null = null;
  #closing = false;
  #wake: () => void = () => {};
  readonly #running: Promise<void>;

  constructor(
    options: ClusterSessionOptions,
    slot: number,
    take: (message: ClusterMessage) => Promise<void> | undefined,
  ) {
    this.#options = options;
    this.#slot = slot;
    this.#take = take;
    let tried: (end: ConnectionEnd | null) => void = () => {};
    this.tried = new Promise((resolve) => {
      tried = resolve;
    });
    this.#running = this.#run(tried);
  }

  pause(): void {
    this.#closing = true;
    this.#connection?.pause();
    this.#wake();
  }

  async close(): Promise<void> {
    this.pause();
    await this.#connection?.close();
    await this.#running;
  }

  async #run(tried: (end: ConnectionEnd | null) => void): Promise<void> {
    const { urls, logger, login, group } = this.#options;
    for (let attempt = 0, pause_ms: number = limits.reconnectFirst_ms; !this.#closing; attempt += 1) {
      const connection = connectCluster({
        ...{ login, url: urls[attempt % urls.length] ?? '', filters: sharedFilters(group), take: this.#take },
        clientId: sessionClientId(group, this.#slot),
      });
      this.#connection = connection;
      if (this.#closing) connection.pause();
      const refused = await connection.opened;
      if (refused === null) {
        this.isOpen = true;
        tried(null);
        logger.info({ slot: this.#slot }, 'receives from the MQTT cluster');
        pause_ms = limits.reconnectFirst_ms;
      }
      const { reason } = refused ?? (await connection.ended);
      this.isOpen = false;
      if (this.#closing) return tried(refused);
      logger[refused?.final ? 'error' : 'warn']({ slot: this.#slot }, `MQTT cluster: ${reason}`);
      if (refused?.final || attempt + 1 >= urls.length) tried(refused);
      await this.#pause(pause_ms);
      pause_ms = Math.min(pause_ms * 2, limits.reconnectMost_ms);
    }
    tried(null);
  }

  #pause(duration_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, duration_ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
