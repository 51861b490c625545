// People who register DIDs over HTTP, and what each was told: compared with service and contract at the end.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { anchorKey } from '../../src/anchoring/anchor-keys.ts';
import { bytes32, toHex } from '../../src/anchoring/hexadecimal.ts';
import { proofFromText } from '../../src/anchoring/proofs.ts';
import type { Ed25519Signer } from '../../src/identity/dids/did-entry.ts';
import type { DidLog } from '../../src/identity/dids/did-log.ts';
import { createPersonDidLog, didDomain, personId } from '../../src/identity/dids/did-webvh.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { askAnchorLog } from './chain-book.ts';
import type { TestChain } from './test-chain.ts';

const SETTLED_WITHIN_ms = 60_000;
const POLL_ms = 200;

interface Registered {
  did: string;
  log: DidLog;
  /** base64url */
  salt: string;
}

export interface PublicChange {
  epoch: number;
  key: string;
  value: string | null;
}

export interface LedgerOutcome {
  acknowledged: number;
  /** Acknowledged, and yet not resolved, not final, or not proven by the contract. */
  missing: string[];
  /** Keys that the public log has more than once. */
  twice: string[];
}

export class DidLedger {
  readonly #publicUrl: string;
  /** By DID: what was answered with 201. */
  readonly acknowledged = new Map<string, Registered>();
  #asked = 0;

  constructor(publicUrl: string) {
    this.#publicUrl = publicUrl;
  }

  /** Registers a new person's DID at one instance. @returns it, null where no answer or a refusal came back */
  async tryRegister(url: string): Promise<string | null> {
    const { did, log } = await newPersonDid(this.#publicUrl);
    const response = await this.#ask(`${url}/dids`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(log[0]),
    }).catch(() => null);
    if (response?.status !== 201) return null;
    const { salt } = (await response.json()) as { salt: string };
    this.acknowledged.set(did, { did, log, salt });
    return did;
  }

  async register(url: string): Promise<string> {
    const did = await this.tryRegister(url);
    if (did === null) throw new Error('the DID was not registered');
    return did;
  }

  async anchorOf(url: string, did: string): Promise<Anchor | null> {
    const response = await this.#ask(`${url}/1.0/identifiers/${encodeURIComponent(did)}`);
    if (response.status !== 200) return null;
    return ((await response.json()) as { didDocumentMetadata: { anchor: Anchor | null } }).didDocumentMetadata.anchor;
  }

  /** All that the public log tells, over HTTP. */
  async publicLog(url: string): Promise<PublicChange[]> {
    const changes: PublicChange[] = [];
    for (let epoch = 1; ; epoch += 1) {
      let after: string | null = null;
      do {
        const query: string = after === null ? '' : `?after=${after}`;
        const response = await this.#ask(`${url}/api/anchors/epochs/${epoch}${query}`);
        if (response.status === 404) return changes;
        const page = (await response.json()) as { changes: PublicChange[]; next_after: string | null };
        changes.push(...page.changes.map(({ key, value }) => ({ epoch, key, value })));
        after = page.next_after;
      } while (after !== null);
    }
  }

  /** Waits until nothing waits and all is final. */
  async untilSettled(url: string): Promise<void> {
    for (let waited_ms = 0; ; waited_ms += POLL_ms) {
      const head = await this.#ask(`${url}/api/anchors/head`)
        .then((response) => response.json() as Promise<{ status?: string; changes_waiting?: number }>)
        .catch(() => ({}) as { status?: string; changes_waiting?: number });
      if (head.status === 'final' && head.changes_waiting === 0) return;
      if (waited_ms > SETTLED_WITHIN_ms) throw new Error(`not all is final: ${JSON.stringify(head)}`);
      await sleep(POLL_ms);
    }
  }

  /** What was acknowledged, against what the service serves and what the contract itself says to each proof. */
  async compare(url: string, chain: TestChain): Promise<LedgerOutcome> {
    await this.untilSettled(url);
    const missing: string[] = [];
    for (const did of this.acknowledged.keys()) {
      const anchor = await this.anchorOf(url, did);
      const proven = anchor?.status === 'final' && (await isAnchoredBy(chain, anchor));
      if (!proven || anchor.key !== keyOf(did)) missing.push(did);
    }
    const seen = new Set<string>();
    const twice = (await this.publicLog(url)).map(({ key }) => key).filter((key) => seen.size === seen.add(key).size);
    return { acknowledged: this.acknowledged.size, missing, twice };
  }

  /** Each question comes from somebody else, as far as the service's rate limit can tell. */
  #ask(url: string, init: RequestInit = {}): Promise<Response> {
    this.#asked += 1;
    const address = `10.${(this.#asked >> 16) & 255}.${(this.#asked >> 8) & 255}.${this.#asked & 255}`;
    return fetch(url, {
      ...init,
      headers: { ...init.headers, 'x-forwarded-for': address },
      signal: AbortSignal.timeout(10_000),
    });
  }
}

export function keyOf(did: string): string {
  return toHex(anchorKey('did', did));
}

export async function isAnchoredBy(chain: TestChain, anchor: Anchor): Promise<boolean> {
  const { contract, registry_id, epoch, key, value, proof } = anchor;
  if (value === null || proof === null || epoch === null) return false;
  const bytes = proofFromText(proof);
  return (await askAnchorLog(chain, contract, 'isAnchored', registry_id, epoch, key, bytes32(value), bytes)) === true;
}

function newPersonDid(publicUrl: string): Promise<{ did: string; log: DidLog }> {
  return createPersonDidLog({
    domain: didDomain(publicUrl),
    pathPrefix: 'people',
    id: personId(systemRandom.bytes(16)),
    signer: newSigner(),
    created: `${new Date().toISOString().slice(0, 19)}Z`,
  });
}

function newSigner(): Ed25519Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKey: rawPublicKey(publicKey), sign: (message) => new Uint8Array(sign(null, message, privateKey)) };
}

function rawPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'));
}
