// Those who would change what is anchored: a thief with the committer's key, an operator with the database, and somebody
// who knows every DID and tries the public log for them.
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { computeAddress, Wallet } from 'ethers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { askAnchorLog, sendToAnchorLog, transactionsOf } from '../support/chain-book.ts';
import { City, type Instance, readiness } from '../support/city.ts';
import { keyOf } from '../support/did-ledger.ts';

const settings = { CHAIN_CONFIRMATIONS: '1' };
/** Several rounds of the worker: what it would do wrongly it has done by then. */
const ROUNDS_ms = 3_000;

let city: City;
let instance: Instance;

beforeEach(async () => {
  city = await City.open();
  instance = await city.start(settings);
  for (let count = 0; count < 2; count += 1) await city.ledger.register(instance.url);
  await city.ledger.untilSettled(instance.url);
});

afterEach(() => city?.close());

async function anchors(): Promise<Anchor[]> {
  const all = [...city.ledger.acknowledged.keys()].map((did) => city.ledger.anchorOf(instance.url, did));
  return (await Promise.all(all)).filter((anchor) => anchor !== null);
}

async function head(): Promise<{ epoch: number; root: string; contract: string; registry_id: string }> {
  return (await (await fetch(`${instance.url}/api/anchors/head`)).json()) as Awaited<ReturnType<typeof head>>;
}

describe('a stolen committer key', () => {
  test('changes nothing past; its root is told, nothing follows it, and a new key goes on after it is disowned [faults 53]', async () => {
    const { contract, registry_id, epoch, root } = await head();
    const owner = Wallet.createRandom();
    await city.chain.fund(owner.privateKey);
    const committed = (key: string, name: string, ...values: unknown[]) =>
      sendToAnchorLog(city.chain, key, contract, name, registry_id, ...values);
    await committed(city.chain.key, 'startHandover', owner.address);
    await committed(owner.privateKey, 'acceptHandover');
    const rootOf = (number: number) => askAnchorLog(city.chain, contract, 'rootOf', registry_id, number);
    const epochs = Array.from({ length: epoch }, (_, index) => index + 1);
    const rootsBefore = await Promise.all(epochs.map(rootOf));

    const bogus = `0x${randomBytes(32).toString('hex')}`;
    for (const past of epochs) {
      const previous = rootsBefore[past - 2] ?? `0x${'00'.repeat(32)}`;
      await expect(committed(city.chain.key, 'commit', past, previous, bogus)).rejects.toThrow();
    }
    await committed(city.chain.key, 'commit', epoch + 1, root, bogus);
    await expect.poll(async () => (await city.anchoringState(instance)).trouble, { timeout: 30_000 }).not.toBeNull();
    const { trouble } = await city.anchoringState(instance);
    expect(trouble).toMatchObject({ code: 'CHAIN_AHEAD', detail: expect.stringContaining(String(epoch + 1)) });
    expect((await readiness(instance)).status).toBe(503);

    const transactions = await transactionsOf(city.chain, computeAddress(city.chain.key));
    const waiting = await city.ledger.register(instance.url);
    await sleep(ROUNDS_ms);
    expect(await transactionsOf(city.chain, computeAddress(city.chain.key))).toEqual(transactions);
    expect((await city.ledger.anchorOf(instance.url, waiting))?.status).toBe('pending');
    expect(await Promise.all(epochs.map(rootOf))).toEqual(rootsBefore);

    const rotated = Wallet.createRandom();
    await city.chain.fund(rotated.privateKey);
    await committed(owner.privateKey, 'setCommitter', rotated.address);
    await instance.stop();
    const withNewKey = { ...settings, CHAIN_COMMITTER_KEY: rotated.privateKey };
    expect(await city.command(['reconcile', '--disown'], withNewKey)).toMatchObject({ code: 0 });
    instance = await city.start(withNewKey);
    await city.untilStatus(instance, waiting, 'final');
    expect(await city.ledger.compare(instance.url, city.chain)).toEqual({ acknowledged: 3, missing: [], twice: [] });
    const now = await head();
    expect(now.epoch).toBeGreaterThan(epoch + 1);
    expect(await rootOf(epoch + 1)).toBe(bogus);
    await expect(committed(city.chain.key, 'commit', now.epoch + 1, now.root, bogus)).rejects.toThrow();
  }, 120_000);

  test('is told, too, where the bogus root came before an epoch that was on its way [faults 53]', async () => {
    const { contract, registry_id, epoch, root } = await head();
    await city.mineNothing();
    const did = await city.ledger.register(instance.url);
    await expect.poll(async () => (await head()).epoch).toBe(epoch + 1);
    await city.untilPooled(1);
    // What was on its way is crowded out, and the thief's is the next; the service, which would send again, stands still.
    process.kill(instance.pid, 'SIGSTOP');
    await city.chain.rpc('anvil_dropAllTransactions');
    const bogus = `0x${randomBytes(32).toString('hex')}`;
    const stolen = sendToAnchorLog(city.chain, city.chain.key, contract, 'commit', registry_id, epoch + 1, root, bogus);
    await city.untilPooled(1);
    await city.chain.mine(1);
    await stolen;
    process.kill(instance.pid, 'SIGCONT');
    await city.untilTrouble(instance, 'CHAIN_DIFFERENT');
    await city.chain.rpc('evm_setAutomine', true);
    await city.chain.mine(1);
    await sleep(ROUNDS_ms);
    expect((await readiness(instance)).status).toBe(503);
    expect((await city.ledger.anchorOf(instance.url, did))?.status).toBe('pending');
    expect(await askAnchorLog(city.chain, contract, 'rootOf', registry_id, epoch + 1)).toBe(bogus);
  }, 120_000);
});

describe('an operator with the database', () => {
  /** In which its leaf was written: the proof may be under a later one's root. */
  const epochOf = async (anchor: Anchor | undefined): Promise<unknown> => {
    const [row] = await city.sql('SELECT epoch FROM anchoring.change WHERE key = $1', [
      Buffer.from(anchor?.key.slice(2) ?? '', 'hex'),
    ]);
    return row?.epoch;
  };
  const audit = () => city.command(['audit', '--rpc', city.chain.url, '--log', instance.url]);

  test('who changes a leaf is found out by the audit, which names epoch and key [faults 54]', async () => {
    const [anchor] = await anchors();
    const epoch = await epochOf(anchor);
    expect(await audit()).toMatchObject({ code: 0 });
    await city.sql('UPDATE anchoring.change SET value = $1 WHERE key = $2', [
      randomBytes(32),
      Buffer.from(anchor?.key.slice(2) ?? '', 'hex'),
    ]);
    const { code, output } = await audit();
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`epoch ${epoch}\\b`, 'i'));
    expect(output).toContain(anchor?.key ?? 'its key');
  }, 120_000);

  test('who hides a leaf is found out by the audit, which names the epoch [faults 54]', async () => {
    const [anchor] = await anchors();
    const epoch = await epochOf(anchor);
    await city.sql('DELETE FROM anchoring.change WHERE key = $1', [Buffer.from(anchor?.key.slice(2) ?? '', 'hex')]);
    const { code, output } = await audit();
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`epoch ${epoch}\\b`, 'i'));
  }, 120_000);
});

test('who knows every DID, every log and every hash finds institutions in the public log, and no person [faults 55]', async () => {
  const people = [...city.ledger.acknowledged.values()];
  const issuersLog = await (await fetch(`${instance.url}/.well-known/did.jsonl`)).text();
  const words = [...people.flatMap(({ did, log }) => wordsOf(did, log)), ...wordsOf(null, readLines(issuersLog))];
  const dictionary = new Set(words.flatMap((word) => hashesOf(word)));

  const log = await city.ledger.publicLog(instance.url);
  const keysOfPeople = new Set(people.map(({ did }) => keyOf(did)));
  const ofPeople = log.filter(({ key }) => keysOfPeople.has(key));
  const ofInstitutions = log.filter(({ key }) => !keysOfPeople.has(key));
  expect(ofPeople).toHaveLength(people.length);
  expect(ofPeople.filter(({ value }) => dictionary.has(value ?? ''))).toEqual([]);
  expect(ofInstitutions.filter(({ value }) => dictionary.has(value ?? ''))).not.toEqual([]);

  // With the salts the same search finds each of them: the salt is all that keeps them apart.
  const salted = new Set(
    people.flatMap(({ salt, log: [entry] }) =>
      hashesOf(Buffer.concat([Buffer.from(salt, 'base64url'), Buffer.from(entryHashOf(entry?.versionId))])),
    ),
  );
  expect(ofPeople.filter(({ value }) => salted.has(value ?? ''))).toHaveLength(people.length);
}, 120_000);

type Entry = { versionId: string; state: { id: string } };

function readLines(text: string): Entry[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry);
}

function entryHashOf(versionId = ''): string {
  return versionId.slice(versionId.indexOf('-') + 1);
}

/** All that could have been hashed: the DID, its parts, the log, its entries, their hashes. */
function wordsOf(did: string | null, log: readonly Entry[]): string[] {
  const name = did ?? log[0]?.state.id ?? '';
  const text = log.map((entry) => JSON.stringify(entry));
  return [
    ...[name, ...name.split(':'), text.join('\n'), `${text.join('\n')}\n`, ...text],
    ...log.flatMap(({ versionId, state }) => [versionId, entryHashOf(versionId), JSON.stringify(state)]),
  ];
}

/** A word's hash and its hash's hash, bare and in each domain, as `0x…`. */
function hashesOf(word: string | Buffer): string[] {
  const bytes = Buffer.from(word);
  const domains = ['', 'naru/did/1', 'naru/status-list/1'];
  return domains.flatMap((domain) => {
    const once = sha256(Buffer.concat([Buffer.from(domain), bytes]));
    return [once, sha256(once)].map((hash) => `0x${hash.toString('hex')}`);
  });
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
