// The routes of the service that a wallet's DID needs, in memory and able to lie: for faults the real one cannot be made to have.
import { sha256 } from '@noble/hashes/sha2.js';
import type { Anchor, AnchorStatus } from '../../src/anchoring/anchor.ts';
import { anchorKey, personValue } from '../../src/anchoring/anchor-keys.ts';
import { toHex } from '../../src/anchoring/hexadecimal.ts';
import { encodeProof, proofToText } from '../../src/anchoring/proofs.ts';
import { leafHash } from '../../src/anchoring/tree-hash.ts';
import { type DidLog, didLogText } from '../../src/identity/dids/did-log.ts';
import { verifyDidLog } from '../../src/identity/dids/verify-did-log.ts';

interface Person {
  id: string;
  log: DidLog;
  salt: Uint8Array;
  /** The epoch this entry is in; null while it waits. */
  anchored: { epoch: number; status: AnchorStatus } | null;
}

interface Lie {
  /** Of every answer about a DID. */
  status?: number;
  log?: DidLog;
  resolution?: null;
  version?: string;
  keys?: string[];
  salt?: null;
  anchor?: Partial<Anchor> | null;
  provenValue?: Uint8Array;
}

export type DidServiceInMemory = ReturnType<typeof didServiceInMemory>;

export function didServiceInMemory() {
  const url = 'http://localhost:8080';
  const people = new Map<string, Person>();
  const erased = new Set<string>();
  let salts = 0;
  const service = {
    url,
    domain: 'localhost%3A8080',
    people,
    lie: {} as Lie,
    /** `request`: nothing gets through. `answer`: what changes something gets through, its answer does not. */
    cut: null as 'request' | 'answer' | null,
    bundle: null as string | null,
    epoch: 0,
    only(): Person {
      const [person] = people.values();
      if (person === undefined) throw new Error('nobody is registered');
      return person;
    },
    register(log: DidLog): void {
      const id = log[0]?.state.id.split(':').at(-1) ?? '';
      people.set(id, { id, log, salt: freshSalt(), anchored: null });
    },
    /** The next epoch: everybody's newest entry is in it. */
    commit(status: AnchorStatus): void {
      service.epoch += 1;
      for (const person of people.values()) person.anchored = { epoch: service.epoch, status };
    },
    valueOf({ log, salt }: Person): Uint8Array {
      const versionId = log.at(-1)?.versionId ?? '';
      return personValue(salt, new TextEncoder().encode(versionId.slice(versionId.indexOf('-') + 1)));
    },
    fetch: (async (input, init) => {
      const method = init?.method ?? 'GET';
      if (service.cut === 'request') throw new TypeError('fetch failed');
      const answer = await answerTo(method, new URL(String(input)), init?.body);
      if (service.cut === 'answer' && method !== 'GET') throw new TypeError('fetch failed');
      return answer;
    }) as typeof globalThis.fetch,
  };

  function freshSalt(): Uint8Array {
    salts += 1;
    return sha256(Uint8Array.of(salts));
  }

  async function answerTo(method: string, { pathname }: URL, body: unknown): Promise<Response> {
    const asked = `${method} ${pathname}`;
    if (asked === 'GET /dids/configuration') return Response.json({ domain: service.domain, path_prefix: 'people' });
    if (pathname.endsWith('/bundle')) return service.bundle === null ? refusal(404) : new Response(service.bundle);
    if (asked === 'POST /dids') {
      const log = JSON.parse(String(body)) as DidLog;
      const { did } = await verifyDidLog(log);
      if (people.has(did.split(':').at(-1) ?? '')) return refusal(409, 'DID_EXISTS');
      service.register(log);
      return Response.json({ did }, { status: 201 });
    }
    const decoded = decodeURIComponent(pathname);
    const id = /^\/people\/(.*)\/did\.jsonl$/.exec(decoded)?.[1] ?? decoded.split(':').at(-1) ?? '';
    if (method === 'GET' && service.lie.status !== undefined) return refusal(service.lie.status);
    if (erased.has(id)) return refusal(410, 'DID_ERASED');
    const person = people.get(id);
    if (person === undefined) return refusal(404);
    if (method !== 'GET') return change(method, person, JSON.parse(String(body)) as DidLog);
    if (pathname.startsWith('/people/')) return new Response(didLogText(service.lie.log ?? person.log));
    return service.lie.resolution === null ? refusal(404) : Response.json(await resolution(person));
  }

  async function change(method: string, person: Person, entries: DidLog): Promise<Response> {
    const first = Number.parseInt(entries[0]?.versionId ?? String(person.log.length + 1), 10);
    if (first !== person.log.length + 1) return refusal(409, 'DID_LOG_STALE');
    const log = [...person.log, ...entries];
    const verified = await verifyDidLog(log).catch(() => null);
    if (verified === null) return refusal(400, 'DID_LOG_INVALID');
    if (method === 'DELETE') {
      if (!verified.deactivated) return refusal(400, 'DID_LOG_INVALID');
      people.delete(person.id);
      erased.add(person.id);
      return new Response(null, { status: 204 });
    }
    people.set(person.id, { ...person, log, salt: freshSalt(), anchored: null });
    return Response.json({ did: verified.did });
  }

  async function resolution(person: Person): Promise<object> {
    const { lie } = service;
    const { document, versionId, did, deactivated } = await verifyDidLog(person.log);
    const anchor = lie.anchor === null ? null : { ...anchorOf(person, did), ...lie.anchor };
    return {
      didDocument:
        lie.keys === undefined
          ? document
          : { ...document, verificationMethod: lie.keys.map((key) => ({ publicKeyMultibase: key })) },
      didDocumentMetadata: {
        versionId: lie.version ?? versionId,
        deactivated,
        anchor,
        salt: lie.salt === null ? null : Buffer.from(person.salt).toString('base64url'),
      },
    };
  }

  /** A map with this one leaf: its root is the leaf's hash, and the proof has no sibling. */
  function anchorOf(person: Person, did: string): Anchor {
    const key = anchorKey('did', did);
    const value = service.lie.provenValue ?? service.valueOf(person);
    const { anchored } = person;
    const onChain = anchored !== null && anchored.status !== 'pending';
    return {
      status: anchored?.status ?? 'pending',
      key: toHex(key),
      value: toHex(value),
      chain_id: 31_337,
      contract: `0x${'11'.repeat(20)}`,
      registry_id: `0x${'00'.repeat(32)}`,
      epoch: anchored?.epoch ?? null,
      root: anchored === null ? null : toHex(leafHash(key, value)),
      transaction: onChain ? `0x${'33'.repeat(32)}` : null,
      block: onChain ? anchored.epoch : null,
      block_time: null,
      proof: anchored === null ? null : proofToText(encodeProof({ siblings: [], end: 'own' })),
    };
  }

  return service;
}

function refusal(status: number, code = 'NOT_FOUND'): Response {
  return Response.json({ code }, { status });
}
