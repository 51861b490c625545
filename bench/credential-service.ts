// Credentials through a whole issuer over HTTP: token, nonce, holder's proof, credential, stored with its place in a status
// list. Naru on a real database, Credo in its own memory, asked by the same wallets one after the other.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endProgram, nextWord, startProgram } from './bench-process.ts';
import { cpuOfTree_s } from './cpu-time.ts';
import type { OfficeQuestion, OfficeTask, OfficeWord } from './credential-office.ts';
import { median } from './credential-rate.ts';
import type { WalletOffer, WalletsResult } from './credential-wallets.ts';

const CONCURRENT = 16;
const PROBED_EVERY_ms = 10;

export interface ServiceRate {
  what: string;
  /** Per core of the issuer's process. */
  per_s: number;
  /** Per core of the issuer's process and its database together. */
  withDatabase_per_s: number;
  /** Of the same two to the bare library, which ran between the rounds. */
  ratio: number;
  withDatabase_ratio: number;
}

export interface Issuer {
  /** Processor time so far. */
  cpu_s(): Promise<number>;
  databaseCpu_s(): number;
  offers(count: number): Promise<WalletOffer[]>;
  url: string;
  end(): Promise<void>;
}

export interface NaruOffice extends Issuer {
  /** By import of a file. */
  importedOffers(count: number): Promise<WalletOffer[]>;
  /** Credentials issued to keys that are known, a second and core. */
  bulk_per_s(count: number): Promise<number>;
}

export async function startNaru(databaseUrl: string, databasePid: number): Promise<NaruOffice> {
  const office = startProgram('credential-office', { databaseUrl } satisfies OfficeTask);
  const { url } = await nextWord<OfficeWord>(office);
  const ask = <T>(question: OfficeQuestion): Promise<T> => {
    office.send(question);
    return nextWord<T>(office);
  };
  return {
    url,
    cpu_s: () => ask<number>('usage'),
    databaseCpu_s: () => cpuOfTree_s(databasePid),
    offers: (count) => ask<WalletOffer[]>({ offers: count }),
    importedOffers: (count) => ask<WalletOffer[]>({ imported: count }),
    bulk_per_s: (count) => ask<number>({ bulk: count }),
    end: () => endProgram(office),
  };
}

const peers = fileURLToPath(new URL('../../test/conformance/peers/', import.meta.url));

/** Null, saying so, where the peer is not installed. */
export async function startCredoOffice(port: number, batchSize: number): Promise<Issuer | null> {
  if (!existsSync(`${peers}node_modules/@credo-ts/core`)) {
    console.error(
      '\nTHE PEER CREDO IS NOT INSTALLED: run npm ci --ignore-scripts in test/conformance/peers to have its figures.\n',
    );
    return null;
  }
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../bench/credo-office.mjs', import.meta.url))], {
    env: { ...process.env, PEERS: peers, PORT: String(port), BATCH: String(batchSize) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the Credo office ended');
    return JSON.parse(value);
  };
  const { url } = (await next()) as { url: string };
  const ask = (question: object): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    return next();
  };
  return {
    url,
    cpu_s: async () => (await ask({ usage: true })) as number,
    databaseCpu_s: () => 0,
    offers: async (count) => (await ask({ offers: count })) as WalletOffer[],
    end: async () => void child.kill(),
  };
}

/** @returns medians over the rounds */
export async function measureService(
  who: string,
  issuer: Issuer,
  load: { offers: number; batch: number; rounds: number },
  bare: () => Promise<number>,
): Promise<ServiceRate> {
  const own: number[] = [];
  const both: number[] = [];
  const ratios: number[] = [];
  const ratiosOfBoth: number[] = [];
  let batch = 1;
  for (let round = 0; round <= load.rounds; round += 1) {
    const bareBefore_per_s = await bare();
    const wallets = await readyWallets(await issuer.offers(load.offers), load.batch);
    const before = { cpu_s: await issuer.cpu_s(), database_s: issuer.databaseCpu_s() };
    const result = await wallets.go();
    const cpu_s = (await issuer.cpu_s()) - before.cpu_s;
    const database_s = issuer.databaseCpu_s() - before.database_s;
    batch = result.credentials / load.offers;
    // The first warms up.
    if (round === 0) continue;
    own.push(result.credentials / cpu_s);
    both.push(result.credentials / (cpu_s + database_s));
    const bare_per_s = (bareBefore_per_s + (await bare())) / 2;
    ratios.push((own.at(-1) ?? 0) / bare_per_s);
    ratiosOfBoth.push((both.at(-1) ?? 0) / bare_per_s);
  }
  const what = `${who}, ${batch === 1 ? 'one credential' : `${batch} credentials`} an offer`;
  return {
    ...{ what, per_s: median(own), withDatabase_per_s: median(both) },
    ...{ ratio: median(ratios), withDatabase_ratio: median(ratiosOfBoth) },
  };
}

/** A register imported and its offers taken while others go on asking. @returns seconds, and how long the others waited */
export async function measureImport(
  issuer: NaruOffice,
  load: { offers: number; batch: number },
): Promise<{ wall_s: number; p99_ms: number }> {
  const begun = performance.now();
  const waits: number[] = [];
  let over = false;
  const others = (async () => {
    for (; !over; await sleep(PROBED_EVERY_ms)) {
      const asked = performance.now();
      const answer = await fetch(`${issuer.url}/contexts/v1`, {
        headers: { 'x-forwarded-for': `10.200.${waits.length >> 8}.${waits.length & 255}` },
      });
      await answer.arrayBuffer();
      waits.push(performance.now() - asked);
    }
  })();
  const offers = await issuer.importedOffers(load.offers);
  const made_ms = performance.now() - begun;
  const wallets = await readyWallets(offers, load.batch);
  const result = await wallets.go();
  over = true;
  await others;
  if (result.credentials !== load.offers * load.batch) throw new Error('not every offer was taken');
  waits.sort((one, other) => one - other);
  return { wall_s: made_ms / 1_000 + result.wall_s, p99_ms: waits[Math.floor(waits.length * 0.99)] ?? 0 };
}

/** @returns medians over the rounds: a second and core, and how many times the bare library's */
export async function measureBulk(
  office: NaruOffice,
  load: { credentials: number; rounds: number },
  bare: () => Promise<number>,
): Promise<{ per_s: number; ratio: number }> {
  const rates: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round <= load.rounds; round += 1) {
    const bareBefore_per_s = await bare();
    const per_s = await office.bulk_per_s(load.credentials);
    // The first warms up.
    if (round === 0) continue;
    rates.push(per_s);
    ratios.push((2 * per_s) / (bareBefore_per_s + (await bare())));
  }
  return { per_s: median(rates), ratio: median(ratios) };
}

async function readyWallets(offers: WalletOffer[], batch: number): Promise<{ go(): Promise<WalletsResult> }> {
  const child = startProgram('credential-wallets', { offers, batch, concurrent: CONCURRENT });
  await nextWord(child);
  return {
    async go() {
      child.send('go');
      const result = await nextWord<WalletsResult>(child);
      await endProgram(child);
      return result;
    },
  };
}
