// Where an auditor gets the public log from: a service, or a file that was kept of one.
import { createReadStream } from 'node:fs';
import type { Anchor } from './anchor.ts';
import { LogUnreadable, logLimits, type OpenLog, readLog } from './public-log.ts';

const ANSWER_WITHIN_ms = 30_000;

/**
 * @param source `http(s)://…` of a service, or a file
 * @throws LogUnreadable, also while the epochs are read
 */
export async function openLog(source: string, from: number): Promise<OpenLog> {
  if (!isUrl(source)) return openCopy(source);
  const url = `${source.replace(/\/+$/, '')}/api/anchors/log?from=${from}`;
  const answer = await asked(url);
  if (!answer.ok || answer.body === null) throw new LogUnreadable(`${hostOf(url)} answers ${answer.status}`);
  return readLog(linesOf(answer.body as unknown as AsyncIterable<Uint8Array>), false);
}

/** A copy on this machine, which may end where it was last added to. */
export function openCopy(file: string): Promise<OpenLog> {
  return readLog(linesOf(createReadStream(file)), true);
}

/** A service's own answer for a key, `null` where it has none. */
export async function askForAnchor(service: string, key: string): Promise<Anchor | null> {
  const answer = await asked(`${service.replace(/\/+$/, '')}/api/anchors/${key}`);
  return answer.ok ? ((await answer.json()) as Anchor) : null;
}

export function isUrl(source: string): boolean {
  return /^https?:\/\//.test(source);
}

async function asked(url: string): Promise<Response> {
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), ANSWER_WITHIN_ms);
  try {
    return await fetch(url, { signal: waiting.signal, redirect: 'error' });
  } catch (error) {
    throw new LogUnreadable(`${hostOf(url)} does not answer (${(error as Error).message})`);
  } finally {
    clearTimeout(timer);
  }
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of chunks) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > logLimits.line) throw new LogUnreadable(`a line is longer than ${logLimits.line} characters`);
      yield* lines;
    }
  } catch (error) {
    if (error instanceof LogUnreadable) throw error;
    throw new LogUnreadable(`it can't be read to its end (${(error as Error).message})`);
  }
  // What was not ended by a line end was cut off in the middle.
}

function hostOf(url: string): string {
  return new URL(url).host;
}
