import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { beforeAll, describe, expect, test } from 'vitest';
import { anchorKey, institutionValue, personValue } from '../../../src/anchoring/anchor-keys.ts';
import {
  type Ed25519Signer,
  ed25519Multikey,
  signedEntry,
  updateKeyHash,
} from '../../../src/identity/dids/did-entry.ts';
import { type DidLog, didLogLimits, didLogText } from '../../../src/identity/dids/did-log.ts';
import { verifyDidLog } from '../../../src/identity/dids/verify-did-log.ts';
import { CREATED, type DidHolder, ended, newHolder, newSigner, newWitness, rotated } from '../../support/did-holder.ts';
import { type IdentityWorld, identityWorld } from '../../support/identity-world.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
let world: IdentityWorld;
let server: FastifyInstance;
beforeAll(async () => {
  world = await identityWorld(pool);
  server = await world.startHttp();
});

interface Answer {
  status: number;
  code?: string;
  did?: string;
  salt?: string;
}

async function send(method: 'POST' | 'DELETE', url: string, payload: object): Promise<Answer> {
  const answer = await server.inject({ method, url, payload, remoteAddress: address() });
  return { status: answer.statusCode, ...(answer.body === '' ? {} : answer.json()) };
}

let hosts = 0;
/** Each request from another host: what one host may send in a minute is asked where that is the question. */
function address(): string {
  hosts += 1;
  return `10.0.${hosts >> 8}.${hosts & 255}`;
}

const logPath = ({ id }: DidHolder) => `/people/${id}/did.jsonl`;
const append = (holder: DidHolder, entries: DidLog) => send('POST', logPath(holder), entries);
const erase = (holder: DidHolder, entries: DidLog) => send('DELETE', logPath(holder), entries);
/** Sends what `after` has more than `before`. */
const change = (before: DidHolder, after: DidHolder) => append(before, after.log.slice(before.log.length));

async function registered(options?: Parameters<typeof newHolder>[0]): Promise<DidHolder> {
  const holder = await newHolder(options);
  expect(await send('POST', '/dids', holder.log)).toMatchObject({ status: 201, did: holder.did });
  return holder;
}

/** Sends all, and lets none of them write before all have read what is stored. */
async function atOnce({ id }: DidHolder, sends: (() => Promise<Answer>)[]): Promise<Answer[]> {
  const holding = await pool.connect();
  const lock = `hashtext('naru did'), hashtext($1)`;
  try {
    await holding.query(`SELECT pg_advisory_lock(${lock})`, [id]);
    const answers = Promise.all(sends.map((one) => one()));
    await expect
      .poll(async () => {
        const { rows } = await pool.query<{ count: number }>(
          `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        );
        return rows[0]?.count;
      })
      .toBe(sends.length);
    await holding.query(`SELECT pg_advisory_unlock(${lock})`, [id]);
    return await answers;
  } finally {
    holding.release(true);
  }
}

const newestVersion = async ({ did }: DidHolder) => (await world.dids.resolveDid(did))?.verified.versionId;

async function outbox(did: string): Promise<Uint8Array | null | undefined> {
  const key = Buffer.from(anchorKey('did', did));
  const { rows } = await pool.query<{ value: Buffer | null }>('SELECT value FROM anchoring.outbox WHERE key = $1', [
    key,
  ]);
  return rows[0]?.value && new Uint8Array(rows[0].value);
}

describe('a rotation', () => {
  test('is stored, served, resolved and anchored with a new salt', async () => {
    const before = await newHolder();
    const { salt: oldSalt } = await send('POST', '/dids', before.log);
    const after = await rotated(before);
    const { salt = '', ...answer } = await change(before, after);
    expect(answer).toMatchObject({ status: 200, did: before.did });
    expect(salt).not.toBe(oldSalt);
    const { entryHash } = await verifyDidLog(after.log);
    expect(await outbox(before.did)).toEqual(personValue(new Uint8Array(Buffer.from(salt, 'base64url')), entryHash));
    expect((await server.inject(logPath(before))).body).toBe(didLogText(after.log));
    const resolved = await world.dids.resolveDid(before.did);
    expect(resolved?.verified.document?.assertionMethod).toEqual([`${before.did}#key-2`]);
    expect(resolved?.verified.versions).toHaveLength(2);
    expect(resolved?.anchorValue).toEqual(await outbox(before.did));
  });

  test('may come as JSONL, and several entries at once', async () => {
    const before = await registered();
    const after = await rotated(await rotated(before));
    const answer = await server.inject({
      method: 'POST',
      url: logPath(before),
      headers: { 'content-type': 'text/jsonl' },
      payload: didLogText(after.log.slice(1)),
    });
    expect(answer.statusCode).toBe(200);
    expect(await newestVersion(before)).toBe(after.log[2]?.versionId);
  });

  test('leaves older versions to be asked for by id and by time', async () => {
    const before = await registered();
    const after = await rotated(before);
    await change(before, after);
    const [first, second] = after.log;
    const byId = await world.dids.resolveDid(before.did, { versionId: first?.versionId });
    expect(byId?.verified).toMatchObject({ versionId: first?.versionId, updated: first?.versionTime });
    expect(byId?.verified.document?.assertionMethod).toEqual([`${before.did}#key-1`]);
    expect(byId?.anchorValue).toEqual(await outbox(before.did));
    const byTime = await world.dids.resolveDid(before.did, { versionTime: second?.versionTime });
    expect(byTime?.verified.versionId).toBe(second?.versionId);
    for (const version of [{ versionId: `9-${'1'.repeat(46)}` }, { versionTime: '2020-01-01T00:00:00Z' }]) {
      await expect(world.dids.resolveDid(before.did, version)).rejects.toMatchObject({ code: 'DID_VERSION_UNKNOWN' });
    }
  });

  test('is made once where two are sent at once: one wins, the other is stale', async () => {
    const before = await registered();
    const rivals = await Promise.all([1, 2, 3, 4].map(() => rotated(before)));
    const answers = await atOnce(
      before,
      rivals.map((rival) => () => change(before, rival)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    expect(answers.filter(({ status }) => status === 409).map(({ code }) => code)).toEqual(
      Array(3).fill('DID_LOG_STALE'),
    );
    const winner = rivals[answers.findIndex(({ status }) => status === 200)];
    expect(await newestVersion(before)).toBe(winner?.log[1]?.versionId);
    const { salt = '' } = answers.find(({ status }) => status === 200) ?? {};
    const { entryHash } = await verifyDidLog(winner?.log);
    expect(await outbox(before.did)).toEqual(personValue(new Uint8Array(Buffer.from(salt, 'base64url')), entryHash));
  });

  test('is refused when it is sent again', async () => {
    const before = await registered();
    const after = await rotated(before);
    await change(before, after);
    expect(await change(before, after)).toMatchObject({ status: 409, code: 'DID_LOG_STALE' });
    expect(await append(before, before.log)).toMatchObject({ code: 'DID_LOG_STALE' });
  });

  test.each<[string, (holder: DidHolder) => Promise<DidLog>]>([
    ['a key that was not promised', async ({ log }) => forged(log, { signer: await newSigner() })],
    [
      'another time than it was signed with',
      async (holder) => {
        const [, entry] = (await rotated(holder)).log;
        return [{ ...entry, versionTime: '2026-01-15T02:30:00Z' } as DidLog[number]];
      },
    ],
    [
      'a time before the newest entry',
      async ({ log, next }) => forged(log, { signer: next, time: '2026-01-15T01:59:59Z' }),
    ],
    [
      'the very time of the newest entry',
      async ({ log, next }) => forged(log, { signer: next, time: '2026-01-15T02:00:00Z' }),
    ],
    ['a time still to come', async ({ log, next }) => forged(log, { signer: next, time: '2026-01-15T03:06:00Z' })],
    ["another DID's entry", async () => (await rotated(await newHolder())).log.slice(1)],
    [
      'no promise for the entry after',
      async ({ log, next }) => forged(log, { signer: next, parameters: { nextKeyHashes: undefined } }),
    ],
    ['portability', async ({ log, next }) => forged(log, { signer: next, parameters: { portable: true } })],
    [
      'watchers',
      async ({ log, next }) => forged(log, { signer: next, parameters: { watchers: ['https://w.example'] } }),
    ],
    ['a service', async ({ log, next }) => forged(log, { signer: next, state: { service: [{ id: '#me' }] } })],
    ['a name', async ({ log, next }) => forged(log, { signer: next, state: { alsoKnownAs: ['did:web:kim.example'] } })],
    [
      "somebody else's key id",
      async ({ log, next }) => forged(log, { signer: next, state: { authentication: ['#kim'] } }),
    ],
    ['another place', async ({ log, next }) => forged(log, { signer: next, state: { id: `${log[0]?.state.id}0` } })],
    ['no entry', async () => []],
  ])('is refused with %s, and nothing changes', async (_what, make) => {
    const holder = await registered();
    const value = await outbox(holder.did);
    expect(await append(holder, await make(holder))).toMatchObject({ status: 400, code: 'DID_LOG_INVALID' });
    expect(await newestVersion(holder)).toBe(holder.log[0]?.versionId);
    expect(await outbox(holder.did)).toEqual(value);
  });

  test('of nobody, and what is no entry at all, is refused', async () => {
    const { log } = await rotated(await newHolder());
    expect(await send('POST', '/people/nobody/did.jsonl', log.slice(1))).toMatchObject({ status: 404 });
    expect(await send('POST', '/people/nobody/did.jsonl', { hello: 1 })).toMatchObject({ status: 400 });
  });

  test('is refused where the log is full but for its end', async () => {
    let holder = await registered();
    const before = holder;
    for (let count = 1; count < didLogLimits.entries - 2; count += 1) holder = await quicklyRotated(holder);
    for (const entries of inParts(holder.log.slice(1), 20))
      expect(await append(before, entries)).toMatchObject({ status: 200 });
    const more = await quicklyRotated(holder);
    expect(await change(holder, more)).toMatchObject({ code: 'DID_LOG_INVALID' });
    expect(await change(holder, await ended(holder))).toMatchObject({ status: 200 });
  });

  test('is not asked for without end by one host', async () => {
    const holder = await registered();
    const ask = () => server.inject({ method: 'POST', url: logPath(holder), payload: [], remoteAddress: '10.9.9.9' });
    const statuses = [];
    for (let asked = 0; asked <= didLogLimits.changesPerMinute; asked += 1) statuses.push((await ask()).statusCode);
    expect(statuses.slice(-2)).toEqual([400, 429]);
  });
});

describe('a recovery', () => {
  test('takes the DID back with the recovery key: the lost device can write nothing any more', async () => {
    const lost = await registered();
    const saved = await rotated(lost, { by: lost.recovery });
    expect(await change(lost, saved)).toMatchObject({ status: 200 });
    const resolved = await world.dids.resolveDid(lost.did);
    expect(resolved?.verified.document?.verificationMethod).toHaveLength(1);
    expect(resolved?.verified.versionId).toBe(saved.log[1]?.versionId);
    // The finder of the device holds the key that the first entry promised, and the service's own log.
    expect(await change(lost, await rotated(lost))).toMatchObject({ code: 'DID_LOG_STALE' });
    const stolen = await forged(saved.log, { signer: lost.next });
    expect(await append(lost, stolen)).toMatchObject({ code: 'DID_LOG_INVALID' });
    expect(await newestVersion(lost)).toBe(saved.log[1]?.versionId);
    expect(await change(saved, await rotated(saved))).toMatchObject({ status: 200 });
  });
});

describe('a deactivation', () => {
  test('ends the DID: it resolves to no document, and nothing follows', async () => {
    const before = await registered();
    const after = await ended(before);
    expect(after.log).toHaveLength(3);
    expect(await change(before, after)).toMatchObject({ status: 200 });
    const answer = await server.inject(`/1.0/identifiers/${encodeURIComponent(before.did)}`);
    expect(answer.json()).toMatchObject({ didDocument: null, didDocumentMetadata: { deactivated: true } });
    expect(await change(before, await rotated(before))).toMatchObject({ status: 409, code: 'DID_DEACTIVATED' });
    const first = await world.dids.resolveDid(before.did, { versionId: before.log[0]?.versionId });
    expect(first?.verified.document?.id).toBe(before.did);
  });

  test('by a key that was not promised is refused', async () => {
    const holder = await registered();
    const entries = await forged(holder.log, {
      signer: await newSigner(),
      parameters: { nextKeyHashes: [], deactivated: true },
    });
    expect(await append(holder, entries)).toMatchObject({ code: 'DID_LOG_INVALID' });
  });

  test('is nothing to begin with', async () => {
    const holder = await newHolder();
    const [first] = structuredClone(holder.log);
    if (first) first.parameters.deactivated = true;
    expect(await send('POST', '/dids', [first])).toMatchObject({ code: 'DID_LOG_INVALID' });
  });
});

describe('an erasure', () => {
  async function mentions(text: string | Buffer): Promise<string[]> {
    const { rows: tables } = await pool.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['identity.did', 'anchoring.change']));
    const found = [];
    const wanted = Buffer.isBuffer(text) ? text.toString('hex') : text;
    for (const { name } of tables) {
      const { rowCount } = await pool.query(`SELECT 1 FROM ${name} AS row WHERE position($1 IN row::text) > 0`, [
        wanted,
      ]);
      if (rowCount) found.push(name);
    }
    return found;
  }

  test('leaves nothing of the DID in the database, and the DID is not found', async () => {
    const before = await registered();
    const { salt } = (await world.dids.resolveDid(before.did)) ?? {};
    const saltBytes = Buffer.from(salt ?? '', 'base64url');
    for (const text of [before.did, before.id, saltBytes]) expect(await mentions(text)).toEqual(['identity.did']);
    expect(await erase(before, (await ended(before)).log.slice(1))).toEqual({ status: 204 });
    for (const text of [before.did, before.id, saltBytes]) expect(await mentions(text)).toEqual([]);
    expect(await outbox(before.did)).toBeNull();
    expect(await world.dids.resolveDid(before.did)).toBeNull();
    expect((await server.inject(logPath(before))).json()).toMatchObject({ code: 'DID_ERASED' });
    const answer = await server.inject(`/1.0/identifiers/${encodeURIComponent(before.did)}`);
    expect(answer.json().didResolutionMetadata.error.type).toBe('https://www.w3.org/ns/did#NOT_FOUND');
  });

  test('is for good: neither the DID nor its place is registered again, nor changed', async () => {
    const before = await registered();
    const after = await ended(before);
    await erase(before, after.log.slice(1));
    const other = await newHolder({ id: before.id });
    for (const { log } of [before, other]) {
      expect(await send('POST', '/dids', log)).toMatchObject({ status: 410, code: 'DID_ERASED' });
    }
    expect(await change(before, await rotated(before))).toMatchObject({ code: 'DID_ERASED' });
    expect(await erase(before, after.log.slice(1))).toMatchObject({ code: 'DID_ERASED' });
    const { rows } = await pool.query<{ hash: Buffer }>('SELECT hash FROM identity.erased_did');
    expect(rows.map(({ hash }) => hash.toString('hex'))).toContain(
      createHash('sha256').update(before.did).digest('hex'),
    );
  });

  test('follows a deactivation too', async () => {
    const before = await registered();
    expect(await erase(before, [])).toMatchObject({ code: 'DID_LOG_INVALID' });
    await change(before, await ended(before));
    expect(await erase(before, [])).toEqual({ status: 204 });
    expect(await world.dids.resolveDid(before.did)).toBeNull();
  });

  test.each<[string, (holder: DidHolder) => Promise<DidLog>]>([
    ['entries that do not end the DID', async (holder) => (await rotated(holder)).log.slice(1)],
    [
      'an end that somebody else signed',
      async ({ log }) =>
        forged(log, { signer: await newSigner(), parameters: { nextKeyHashes: [], deactivated: true } }),
    ],
  ])('is refused with %s', async (_what, make) => {
    const holder = await registered();
    expect(await erase(holder, await make(holder))).toMatchObject({ code: 'DID_LOG_INVALID' });
    expect(await newestVersion(holder)).toBe(holder.log[0]?.versionId);
  });

  test('and a rotation that are sent at once: one of them is made', async () => {
    const before = await registered();
    const end = (await ended(before)).log.slice(1);
    const rival = await rotated(before);
    const [erased, changed] = await atOnce(before, [() => erase(before, end), () => change(before, rival)]);
    expect([
      [204, 409],
      [409, 200],
    ]).toContainEqual([erased?.status, changed?.status]);
    expect((await world.dids.resolveDid(before.did)) === null).toBe(erased?.status === 204);
  });
});

describe("a person's witnesses", () => {
  test('approve each entry: their proofs are stored and served beside the log', async () => {
    const [one, two, stranger] = await Promise.all([newWitness(), newWitness(), newWitness()]);
    const witness = { threshold: 2, witnesses: [{ id: one.did }, { id: two.did }] };
    const before = await newHolder({ witness });
    const [{ versionId = '' } = {}] = before.log;
    const approvals = [await one.approve(versionId), await two.approve(versionId)];
    const register = (proofs: object[]) => send('POST', '/dids', { entries: before.log, witness_proofs: proofs });
    expect(await send('POST', '/dids', before.log)).toMatchObject({ code: 'DID_LOG_INVALID' });
    for (const proofs of [approvals.slice(1), [...approvals.slice(1), await stranger.approve(versionId)]]) {
      expect(await register(proofs)).toMatchObject({ code: 'DID_LOG_INVALID' });
    }
    const twice = [approvals[0], approvals[0]] as object[];
    expect(await register(twice)).toMatchObject({ code: 'DID_LOG_INVALID' });
    expect(await register(approvals)).toMatchObject({ status: 201 });

    const after = await rotated(before, { witnessProofs: approvals });
    const next = after.log[1]?.versionId ?? '';
    expect(await change(before, after)).toMatchObject({ code: 'DID_LOG_INVALID' });
    const later = [await one.approve(next), await two.approve(next)];
    // A stranger's approval counts for nothing and is not kept.
    const sent = { entries: after.log.slice(1), witness_proofs: [...later, await stranger.approve(next)] };
    expect(await send('POST', logPath(before), sent)).toMatchObject({ status: 200 });
    const served = await server.inject(`/people/${before.id}/did-witness.json`);
    // Each witness's newest approval covers the entries before it.
    expect(served.json()).toEqual([{ versionId: next, proof: later.flatMap(({ proof }) => proof) }]);
    expect(await verifyDidLog(after.log, { witnessProofs: served.json() })).toMatchObject({ versionId: next });
    expect(await newestVersion(before)).toBe(next);
  });

  test('are none where the log names none', async () => {
    const holder = await registered();
    expect((await server.inject(`/people/${holder.id}/did-witness.json`)).statusCode).toBe(404);
  });

  test('put nothing of their own words into the file', async () => {
    const one = await newWitness();
    const holder = await newHolder({ witness: { threshold: 1, witnesses: [{ id: one.did }] } });
    const approval = await one.approve(holder.log[0]?.versionId ?? '');
    const worded = { ...approval, proof: approval.proof.map((proof) => ({ ...proof, id: 'Kim Minsu' })) };
    const answer = await send('POST', '/dids', { entries: holder.log, witness_proofs: [worded] });
    expect(answer).toMatchObject({ code: 'DID_LOG_INVALID' });
  });
});

test("a dictionary of every DID and every entry finds no person's value in the map, only institutions'", async () => {
  const holders = await Promise.all([1, 2, 3, 4, 5].map(() => registered()));
  const { rows } = await pool.query<{ value: Buffer }>('SELECT value FROM anchoring.outbox WHERE value IS NOT NULL');
  const values = new Set(rows.map(({ value }) => value.toString('hex')));
  const found = (texts: string[]) =>
    texts
      .flatMap((text) => [createHash('sha256').update(text).digest(), institutionValue(new TextEncoder().encode(text))])
      .filter((hash) => values.has(Buffer.from(hash).toString('hex')));
  const guesses = ({ did, log }: { did: string; log: DidLog }) => [
    did,
    didLogText(log),
    ...log.flatMap((entry) => [
      JSON.stringify(entry),
      entry.versionId,
      entry.versionId.slice(2),
      JSON.stringify(entry.state),
    ]),
  ];
  expect(found(holders.flatMap(guesses))).toEqual([]);
  const issuer = (await server.inject('/.well-known/did.jsonl')).body;
  const log = [JSON.parse(issuer)] as DidLog;
  expect(found(guesses({ did: world.issuer.did, log })).length).toBeGreaterThan(0);
});

/** The entry after `log`, as `signer` would have it: its hash and signature fit whatever it says. */
async function forged(
  log: DidLog,
  { signer, time, parameters, state }: { signer: Ed25519Signer; time?: string; parameters?: object; state?: object },
): Promise<DidLog> {
  const newest = log.at(-1) as DidLog[number];
  const updateKeys = [ed25519Multikey(signer.publicKey)];
  const content = {
    versionId: newest.versionId,
    versionTime: time ?? '2026-01-15T02:30:00Z',
    parameters: { updateKeys, nextKeyHashes: [updateKeyHash(signer.publicKey)], ...parameters },
    state: { ...newest.state, ...state },
  };
  return [await signedEntry(content, log.length + 1, signer)];
}

/** Without a check of the whole log each time. */
async function quicklyRotated({ log, ...holder }: DidHolder): Promise<DidHolder> {
  const next = await newSigner();
  const time = new Date(Date.parse(CREATED) + log.length * 1000).toISOString().replace('.000', '');
  const parameters = { nextKeyHashes: [updateKeyHash(next.publicKey)] };
  return { ...holder, next, log: [...log, ...(await forged(log, { signer: holder.next, time, parameters }))] };
}

function inParts<T>(items: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, part) =>
    items.slice(part * size, (part + 1) * size),
  );
}
