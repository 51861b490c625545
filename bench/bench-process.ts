// Starting the processes of a benchmark and hearing from them.
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program of this folder. @param task the message it is started with */
export function startProgram(name: string, task: object, nodeOptions: string[] = []): ChildProcess {
  const child = fork(new URL(`./${name}.js`, import.meta.url), [], { execArgv: nodeOptions });
  child.send(task);
  return child;
}

/** The next that the process says. @throws where it ends instead */
export async function nextWord<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController();
  const exit = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`a process of the benchmark ended with ${code}`);
  });
  exit.catch(() => {});
  try {
    const [word] = (await Promise.race([once(child, 'message', { signal: ended.signal }), exit])) as unknown[];
    return word as T;
  } finally {
    ended.abort();
  }
}

export async function ask<T>(child: ChildProcess, question: string): Promise<T> {
  child.send(question);
  return nextWord<T>(child);
}

export async function endProgram(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}

export interface Mosquitto {
  pid: number;
  stop(): Promise<void>;
}

/** Mosquitto with room for everything and nothing kept on disk; null, saying so, where it is not installed. */
export async function startMosquitto(folder: string, port: number): Promise<Mosquitto | null> {
  const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
  if (spawnSync('mosquitto', ['-h'], { env: environment }).error !== undefined) {
    console.error('The peer Mosquitto is not installed (Debian: apt-get install mosquitto): it is left out.');
    return null;
  }
  const settings = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    'set_tcp_nodelay true',
    'max_inflight_messages 0',
    'max_queued_messages 0',
    'log_type none',
  ];
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, `${settings.join('\n')}\n`);
  const child = spawn('mosquitto', ['-c', file], { env: environment, stdio: 'ignore' });
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}`);
    await sleep(50);
  }
  return {
    pid: child.pid as number,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
