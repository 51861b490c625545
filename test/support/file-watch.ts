// Ends the process of a test file that does not end by itself. The runner's own limits are timers in that process and know
// tests and hooks alone: a file that waits while it is being read, or whose loop stands still, would hold up the whole run.
// What is said is which file it was and what it waited for.
import { Worker } from 'node:worker_threads';
import { expect } from 'vitest';
import { shortOrLong } from './long-form.ts';

/** The longest files take some four minutes on two busy cores, in their long form some twenty. */
const FILE_WITHIN_ms = shortOrLong(15, 60) * 60_000;
/** Asked before the end, while there may be somebody to ask. */
const ASKED_BEFORE_ms = 5_000;

const file = expect.getState().testPath ?? 'a test file';
const message = `${file} did not end within ${FILE_WITHIN_ms / 60_000} minutes; its process is killed\n`;
setTimeout(() => {
  const waitsFor = [...new Set(process.getActiveResourcesInfo())].join(', ');
  process.stderr.write(`${file} waits for: ${waitsFor}\n`);
}, FILE_WITHIN_ms - ASKED_BEFORE_ms).unref();
new Worker(
  `const { writeSync } = require('node:fs');
   const { pid, message, within_ms } = require('node:worker_threads').workerData;
   setTimeout(() => { writeSync(2, message); process.kill(pid, 'SIGKILL'); }, within_ms);`,
  { eval: true, workerData: { pid: process.pid, message, within_ms: FILE_WITHIN_ms } },
).unref();
