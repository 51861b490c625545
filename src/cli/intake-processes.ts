// Several processes of the intake on one port, for a machine with more cores than one of them can use.
//
// Each is a whole broker with connections to the database of its own. The first process accepts connections and deals them
// out; who is connected where, what is revoked and what is to be sent is told between them over the database, as between
// copies on several machines.
import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config.ts';
import type { Logger } from '../platform/logger.ts';
import { problem } from '../platform/problem.ts';

/** One that ends is made anew after this: what ends it at once must not keep the machine busy. */
const AGAIN_AFTER_ms = 1_000;

export interface IntakeProcesses {
  /** Ends them in order: what they took is committed and acknowledged. */
  stop(): Promise<void>;
}

/**
 * Starts the processes and waits until each listens.
 *
 * @param settings of this process: theirs but for the role
 * @throws NOT_READY where one ends before it listens; its own words stand above
 */
export async function startIntakeProcesses(settings: Settings, logger: Logger): Promise<IntakeProcesses> {
  const { HOST, MQTT_PORT, MQTT_WS_PORT, NARU_DATA_DIR, NARU_INTAKE_PROCESSES: count } = settings;
  const environment = {
    ...{ NARU_ROLES: 'broker', NARU_INTAKE_PROCESSES: '1', HOST },
    ...{ MQTT_PORT: String(MQTT_PORT), MQTT_WS_PORT: String(MQTT_WS_PORT) },
    ...(NARU_DATA_DIR !== undefined && { NARU_DATA_DIR }),
  };
  // What this one was told on its command line stands in the environment above.
  cluster.setupPrimary({ args: ['start'] });
  const workers = new Set<Worker>();
  let stopping = false;

  function start(): Promise<void> {
    const worker = cluster.fork(environment);
    workers.add(worker);
    const listens = new Promise<void>((resolve, reject) => {
      worker.once('listening', () => resolve());
      worker.once('exit', () => reject(problem('NOT_READY', 'a process of the intake ended before it listened')));
    });
    worker.once('exit', (code, signal) => {
      workers.delete(worker);
      if (stopping) return;
      logger.error({ code, signal }, 'a process of the intake ended; another takes its place');
      void sleep(AGAIN_AFTER_ms).then(() => {
        if (!stopping) start().catch(() => {});
      });
    });
    return listens;
  }

  async function stop(): Promise<void> {
    stopping = true;
    await Promise.all(
      [...workers].map(
        (worker) =>
          new Promise<void>((resolve) => {
            worker.once('exit', () => resolve());
            worker.process.kill('SIGTERM');
          }),
      ),
    );
  }

  try {
    await Promise.all(Array.from({ length: count }, start));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

/** Whether this process is one of them: the terminal's Ctrl-C is the first one's to hear. */
export function isIntakeProcess(): boolean {
  return cluster.isWorker;
}
