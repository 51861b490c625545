// Hears PostgreSQL's notifications over a connection of its own, which is opened again whenever it breaks.
import pg from 'pg';
import type { Logger } from '../logger.ts';

export interface ListenOptions {
  databaseUrl: string;
  /** What to do with a payload, by channel. Channels are names of ours: lower-case letters and underscores. */
  channels: Readonly<Record<string, (payload: string) => void>>;
  /** Called whenever it hears again: what was notified in between was missed. */
  onListening(): void;
  logger: Logger;
}

export interface Listener {
  close(): Promise<void>;
}

const RETRY_FIRST_ms = 100;
const RETRY_MOST_ms = 5_000;

export function listen({ databaseUrl, channels, onListening, logger }: ListenOptions): Listener {
  let client: pg.Client | null = null;
  let retry: NodeJS.Timeout | null = null;
  let pause_ms = RETRY_FIRST_ms;
  let closed = false;

  async function open(): Promise<void> {
    const next = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'naru-listen',
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
    });
    client = next;
    next.on('notification', ({ channel, payload }) => channels[channel]?.(payload ?? ''));
    next.on('error', () => {});
    next.once('end', () => again(next));
    try {
      await next.connect();
      for (const channel of Object.keys(channels)) await next.query(`LISTEN ${channel}`);
      pause_ms = RETRY_FIRST_ms;
      if (!closed) onListening();
    } catch (error) {
      logger.warn({ err: error }, 'listening to the database');
      next.end().catch(() => {});
      again(next);
    }
  }

  function again(broken: pg.Client): void {
    if (closed || client !== broken) return;
    client = null;
    retry = setTimeout(() => void open(), pause_ms);
    pause_ms = Math.min(2 * pause_ms, RETRY_MOST_ms);
  }

  void open();
  return {
    close: async () => {
      closed = true;
      if (retry !== null) clearTimeout(retry);
      await client?.end().catch(() => {});
    },
  };
}
