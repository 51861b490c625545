import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Ed25519Signer,
  ed25519Multikey,
  entryHash,
  signedEntry,
  updateKeyHash,
} from '../../../src/identity/dids/did-entry.ts';
import { type DidLog, parseDidLogText } from '../../../src/identity/dids/did-log.ts';
import { verifyDidLog } from '../../../src/identity/dids/verify-did-log.ts';
import { newSigner, newWitness } from '../../support/did-holder.ts';

type Entry = DidLog[number];

const root = join(import.meta.dirname, 'vectors');
const vectors = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('did.jsonl'))
  .sort()
  .map((path) => {
    const folder = join(root, path, '..');
    const json = (name: string) => {
      const file = join(folder, name);
      return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
    };
    return {
      name: path.replace('/did.jsonl', ''),
      log: parseDidLogText(readFileSync(join(root, path), 'utf8')),
      witnessProofs: json('did-witness.json'),
      results: [
        { version: undefined, result: json('resolutionResult.json') },
        { version: 1, result: json('resolutionResult.1.json') },
      ].filter(({ result }) => result !== undefined),
    };
  });

const refused = { code: 'DID_LOG_INVALID' };

describe('the published vectors', () => {
  test('are all there', () => {
    expect(vectors).toHaveLength(20);
    expect(vectors.flatMap(({ results }) => results)).toHaveLength(7);
    expect(vectors.filter(({ witnessProofs }) => witnessProofs)).toHaveLength(2);
  });

  test.each(vectors)('$name verifies, and each of its versions', async ({ log, witnessProofs }) => {
    const newest = await verifyDidLog(log, { witnessProofs });
    expect(newest).toMatchObject({ did: log.at(-1)?.state.id, versionId: log.at(-1)?.versionId });
    for (const { versionId, versionTime, state } of log) {
      for (const version of [{ versionId }, { versionTime }]) {
        const verified = await verifyDidLog(log, { witnessProofs, version });
        expect(verified).toMatchObject({ versionId, updated: versionTime, did: state.id });
      }
    }
  });

  test.each(
    vectors.flatMap(({ results, ...vector }) => results.map(({ version, result }) => ({ ...vector, version, result }))),
  )('$name resolves to its published result', async ({ log, witnessProofs, version, result }) => {
    const asked = version === undefined ? {} : { version: { versionId: log[version - 1]?.versionId } };
    const verified = await verifyDidLog(log, { witnessProofs, ...asked });
    const { versionId, created, updated, deactivated = false, portable = false, scid } = result.didDocumentMetadata;
    expect(verified).toMatchObject({ versionId, created, updated, deactivated, parameters: { portable, scid } });
    // Implementations differ on the document of a deactivated DID; ours has none (DID Resolution, 5.1).
    const document = deactivated ? null : plain(result.didDocument);
    expect(verified.document && plain(verified.document)).toEqual(document);
  });

  test.each(vectors)('$name is refused with any part of it changed', async ({ log, witnessProofs }) => {
    for (const index of log.keys()) {
      for (const change of changes) {
        const forged = structuredClone(log);
        change(forged[index] as Entry);
        await expect(verifyDidLog(forged, { witnessProofs })).rejects.toMatchObject(refused);
      }
      if (index < log.length - 1) {
        await expect(verifyDidLog(log.toSpliced(index, 1), { witnessProofs })).rejects.toMatchObject(refused);
      }
    }
    if (witnessProofs !== undefined) {
      await expect(verifyDidLog(log)).rejects.toMatchObject(refused);
      const forged = structuredClone(witnessProofs);
      forged[0].proof[0].proofValue = otherEnd(forged[0].proof[0].proofValue);
      await expect(verifyDidLog(log, { witnessProofs: forged })).rejects.toMatchObject(refused);
    }
  });
});

const changes: ((entry: Entry) => void)[] = [
  (entry) => {
    entry.versionTime = '1999-12-31T00:00:00Z';
  },
  (entry) => {
    entry.versionId = otherEnd(entry.versionId);
  },
  (entry) => {
    entry.parameters.updateKeys = ['z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'];
  },
  (entry) => {
    entry.state.alsoKnownAs = ['did:web:evil.example'];
  },
  (entry) => {
    for (const proof of entry.proof) proof.proofValue = otherEnd(proof.proofValue);
  },
  (entry) => {
    entry.proof = [];
  },
];

/** Another last character, still base58. */
function otherEnd(text: string): string {
  return `${text.slice(0, -1)}${text.endsWith('a') ? 'b' : 'a'}`;
}

/** Implementations write the method's implicit services with a relative or an absolute id, with or without a last slash. */
function plain(document: { id: string; service?: object[] }): object {
  const service = (document.service ?? []) as { id: string; serviceEndpoint: string }[];
  return {
    ...document,
    service: service.map((one) => ({
      ...one,
      id: one.id.replace(document.id, ''),
      serviceEndpoint: one.serviceEndpoint.replace(/\/$/, ''),
    })),
  };
}

describe('the negative cases that the suite describes', () => {
  const DAYS = ['2000-01-01T00:00:00Z', '2000-01-02T00:00:00Z', '2000-01-03T00:00:00Z'];

  interface Made {
    signer?: Ed25519Signer;
    host?: string;
    parameters?: object;
    state?: object;
    time?: string;
    scid?: string;
  }

  /** A first entry whose SCID, hash and signature fit whatever it says. */
  async function begun({ signer, host = 'example.com', parameters, state, time = DAYS[0], scid }: Made = {}) {
    const owner = signer ?? (await newSigner());
    const preliminary = {
      versionId: '{SCID}',
      versionTime: time as string,
      parameters: {
        method: 'did:webvh:1.0',
        scid: '{SCID}',
        updateKeys: [ed25519Multikey(owner.publicKey)],
        ...parameters,
      },
      state: { id: `did:webvh:${scid ?? '{SCID}'}:${host}`, ...state },
    } as unknown as Omit<Entry, 'proof'>;
    const hash = await entryHash(preliminary);
    const entry = JSON.parse(JSON.stringify(preliminary).replaceAll('{SCID}', hash));
    return { owner, scid: hash, log: [await signedEntry(entry, 1, owner)] };
  }

  async function continued(
    log: DidLog,
    signer: Ed25519Signer,
    { parameters, state, time }: Made = {},
  ): Promise<DidLog> {
    const newest = log.at(-1) as Entry;
    const content = {
      versionId: newest.versionId,
      versionTime: time ?? (DAYS[log.length] as string),
      parameters: { ...parameters },
      state: { ...newest.state, ...state },
    };
    return [...log, await signedEntry(content, log.length + 1, signer)];
  }

  const isRefused = (log: unknown, witnessProofs?: unknown, now_ms?: number) =>
    expect(verifyDidLog(log, { witnessProofs, now_ms })).rejects.toMatchObject(refused);

  test('what they are made from verifies', async () => {
    const { log, owner } = await begun({
      parameters: { portable: true, ttl: 60, watchers: ['https://watcher.example'] },
    });
    const next = await newSigner();
    const promise = { nextKeyHashes: [updateKeyHash(next.publicKey)] };
    const two = await continued(log, owner, { parameters: promise });
    const before = log[0]?.state.id as string;
    const three = await continued(two, next, {
      parameters: { updateKeys: [ed25519Multikey(next.publicKey)], nextKeyHashes: [] },
      state: { id: before.replace('example.com', 'example.org'), alsoKnownAs: [before] },
    });
    const verified = await verifyDidLog(three);
    expect(verified.did).toBe(before.replace('example.com', 'example.org'));
    expect(verified.parameters).toMatchObject({ portable: true, ttl_s: 60, watchers: ['https://watcher.example'] });
    const nothing = await begun({ parameters: { nextKeyHashes: null, witness: null, watchers: null, ttl: null } });
    expect(await verifyDidLog(nothing.log)).toMatchObject({ parameters: { ttl_s: 3600, watchers: [], witness: null } });
  });

  test('negative-duplicate-witness-ids', async () => {
    const one = await newWitness();
    const witness = { threshold: 2, witnesses: [{ id: one.did }, { id: one.did }] };
    const { log } = await begun({ parameters: { witness } });
    const approval = await one.approve(log[0]?.versionId ?? '');
    await isRefused(log, [approval, approval]);
  });

  test.each([[0], [-1], [1.5], ['1'], [null], [undefined], [2]])(
    'negative-zero-witness-threshold: %j',
    async (threshold) => {
      const one = await newWitness();
      const { log } = await begun({ parameters: { witness: { threshold, witnesses: [{ id: one.did }] } } });
      await isRefused(log, [await one.approve(log[0]?.versionId ?? '')]);
    },
  );

  test('negative-scid-mismatch-genesis', async () => {
    const { scid } = await begun();
    await isRefused((await begun({ scid })).log);
  });

  test('negative-portable-scid-swap', async () => {
    const { log, owner } = await begun({ parameters: { portable: true } });
    const other = await begun();
    const before = log[0]?.state.id;
    await isRefused(await continued(log, owner, { state: { id: other.log[0]?.state.id, alsoKnownAs: [before] } }));
  });

  test.each([[undefined], [[]], [null]])('negative-pre-rotation-omit-updatekeys: %j', async (updateKeys) => {
    const promise = { nextKeyHashes: [updateKeyHash((await newSigner()).publicKey)] };
    const { log, owner } = await begun({ parameters: promise });
    await isRefused(await continued(log, owner, { parameters: { ...promise, updateKeys } }));
  });

  test('negative-wrong-cryptosuite', async () => {
    const { log } = await begun();
    for (const member of ['eddsa-rdfc-2022', 'ecdsa-jcs-2019']) {
      const forged = structuredClone(log);
      Object.assign(forged[0]?.proof[0] as object, { cryptosuite: member });
      await isRefused(forged);
    }
  });

  test('negative-did-key-body-fragment-mismatch', async () => {
    const { log, owner } = await begun();
    const [own, other] = [ed25519Multikey(owner.publicKey), ed25519Multikey((await newSigner()).publicKey)];
    for (const verificationMethod of [
      `did:key:${other}#${own}`,
      `did:key:${own}#${other}`,
      `did:web:example.com#${own}`,
    ]) {
      const forged = structuredClone(log);
      Object.assign(forged[0]?.proof[0] as object, { verificationMethod });
      await isRefused(forged);
    }
  });

  test.each([
    ['negative-path-traversal-did', 'example.com:..:..:admin'],
    ['negative-pct-encoded-ip-host', '127%2E0%2E0%2E1'],
    ['negative-pct-encoded-traversal', 'example.com:%2E%2E:admin'],
    ['negative-lowercase-pct-port-ip', '127.0.0.1%3a8080'],
    ['negative-fragment-leaks-into-domain', '127.0.0.1#x'],
  ])('%s', async (_name, host) => {
    await isRefused((await begun({ host })).log);
  });

  test.each([[DAYS[0]], ['1999-12-31T00:00:00Z']])('negative-versiontime-non-monotonic: %s', async (time) => {
    const { log, owner } = await begun();
    await isRefused(await continued(log, owner, { time: time as string }));
  });

  test('negative-versiontime-future', async () => {
    const far = '2999-01-01T00:00:00Z';
    await isRefused((await begun({ time: far })).log);
    const { log, owner } = await begun();
    await isRefused(await continued(log, owner, { time: far }));
    await isRefused(log, [], Date.parse('1999-12-31T23:54:59Z'));
    await expect(verifyDidLog(log, { now_ms: Date.parse('1999-12-31T23:55:01Z') })).resolves.toBeDefined();
  });

  test.each([['did:webvh:0.5'], ['did:webvh:1.1'], ['did:webvh:99.0'], ['did:tdw:0.4'], [undefined]])(
    'negative-unknown-method-version: %s',
    async (method) => {
      await isRefused((await begun({ parameters: { method } })).log);
      if (method === undefined) return;
      const { log, owner } = await begun();
      await isRefused(await continued(log, owner, { parameters: { method } }));
    },
  );

  test.each([
    ['{"versionId"', 1],
    ['"parameters":{', 14],
    ['"state":{', 9],
    ['"verificationMethod":[{', 23],
    ['"proof":[{', 10],
  ])('a member that copies lose is refused where no signature covers it: after %s', async (at, length) => {
    const text = JSON.stringify(vectors.find(({ name }) => name === 'basic-create/rust')?.log);
    const index = text.indexOf(at) + length;
    const added = '"__proto__":{"capabilityDelegation":["did:web:evil.example#key"]},';
    await isRefused(JSON.parse(`${text.slice(0, index)}${added}${text.slice(index)}`));
  });

  test('a document nested without end is refused', async () => {
    let nested: object = {};
    for (let depth = 0; depth < 50_000; depth += 1) nested = { nested };
    const { log } = await begun();
    const [entry] = structuredClone(log);
    await isRefused([{ ...entry, state: { ...entry?.state, nested } }]);
  });

  test('negative-cross-did-witness-replay', async () => {
    const shared = await newWitness();
    const witness = { threshold: 1, witnesses: [{ id: shared.did }] };
    const other = await begun({ host: 'other.example.com', parameters: { witness } });
    const foreign = await continued(await continued(other.log, other.owner), other.owner);
    const { log, owner } = await begun({ parameters: { witness } });
    const own = await continued(await continued(log, owner, { parameters: { witness: {} } }), owner);
    await isRefused(own, [await shared.approve(foreign[2]?.versionId ?? '')]);
    await expect(
      verifyDidLog(own, { witnessProofs: [await shared.approve(own[1]?.versionId ?? '')] }),
    ).resolves.toMatchObject({ versionId: own[2]?.versionId });
    // On an entry that needs none, an approval covers those before it all the same.
    await expect(
      verifyDidLog(own, { witnessProofs: [await shared.approve(own[2]?.versionId ?? '')] }),
    ).resolves.toBeDefined();
  });
});

describe('a log with a bad later entry', () => {
  const { log } = vectors.find(({ name }) => name === 'multi-update/rust') as (typeof vectors)[number];
  const forged = structuredClone(log);
  if (forged[2]) forged[2].state.alsoKnownAs = ['did:web:evil.example'];
  const [first, second, third] = log;

  test('is refused whole, and gives the versions before that entry to who asks for them', async () => {
    for (const bad of [forged, [first, second, { ...third, proof: [] }], [first, second, null]]) {
      await expect(verifyDidLog(bad)).rejects.toMatchObject(refused);
      const asked = await verifyDidLog(bad, { version: { versionId: second?.versionId } });
      expect(asked).toMatchObject({ versionId: second?.versionId, versions: [{}, {}] });
      expect(asked.document?.alsoKnownAs).toEqual(['did:web:example.com']);
    }
    const badVersion = { versionId: third?.versionId };
    await expect(verifyDidLog(forged, { version: badVersion })).rejects.toMatchObject(refused);
    await expect(verifyDidLog(forged, { version: { versionId: '9-none' } })).rejects.toMatchObject(refused);
  });

  test('after its deactivation is refused', async () => {
    const ended = vectors.find(({ name }) => name === 'deactivate/rust')?.log as DidLog;
    const signer = await newSigner();
    const newest = ended[1] as Entry;
    const content = {
      versionId: newest.versionId,
      versionTime: '2026-08-01T00:00:00Z',
      parameters: {},
      state: newest.state,
    };
    const more = [...ended, await signedEntry(content, 3, signer)];
    await expect(verifyDidLog(more)).rejects.toThrow(/Entry 3 .*after the DID was deactivated/);
  });
});
