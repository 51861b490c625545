// The steps of checking a proof bundle that need no network: the proof, the roots file, the DID behind key and value.
import { anchorKey, institutionValue, personValue } from './anchor-keys.ts';
import { toHex } from './hexadecimal.ts';
import { bundleIsProven, type ProofBundle, type RootsFile } from './proof-bundle.ts';

export interface CheckStep {
  step: 'proof' | 'place' | 'root' | 'block' | 'transaction' | 'finality' | 'newness' | 'did';
  passed: boolean;
  /** One sentence for a person. */
  says: string;
}

export const step = (name: CheckStep['step'], passed: boolean, says: string): CheckStep => ({
  step: name,
  passed,
  says,
});

export function checkProof(bundle: ProofBundle): CheckStep {
  const what = bundle.value === null ? 'nothing stands under the key' : 'the value stands under the key';
  return bundleIsProven(bundle)
    ? step('proof', true, `The proof shows that ${what} in the map with the root ${bundle.root}.`)
    : step('proof', false, `The proof does not show that ${what} in the map with the root ${bundle.root}.`);
}

/** What a verifier knows of the right place from elsewhere. */
export interface KnownPlace {
  chain_id?: number | undefined;
  contract?: string | undefined;
  registry_id?: string | undefined;
}

/** @param where what the bundle must speak of, as the verifier knows it */
export function checkPlace(bundle: ProofBundle, where: KnownPlace): CheckStep {
  const named = `chain ${bundle.chain_id}, contract ${bundle.contract}, registry ${bundle.registry_id}`;
  const wrong = (['chain_id', 'contract', 'registry_id'] as const).filter(
    (part) => where[part] !== undefined && String(where[part]).toLowerCase() !== String(bundle[part]).toLowerCase(),
  );
  return wrong.length === 0
    ? step('place', true, `The bundle is of ${named}.`)
    : step('place', false, `The bundle is of ${named}; wanted was another (${wrong.join(', ')}).`);
}

/** Whether the roots file has the bundle's epoch with the same root and block, how old that is, and how new the file. */
export function checkAgainstRoots(
  bundle: ProofBundle,
  file: RootsFile,
  now_ms: number,
  pinned: KnownPlace = {},
): CheckStep[] {
  const { epoch, root, block } = bundle;
  const fromFile = checkPlace(bundle, file);
  const place = fromFile.passed ? checkPlace(bundle, pinned) : fromFile;
  const found = file.roots.find((one) => one.epoch === epoch);
  const newest = file.roots.reduce((most, one) => Math.max(most, one.epoch), 0);
  if (found === undefined)
    return [place, step('root', false, `The roots file has no epoch ${epoch}; its newest is ${newest}.`)];
  const sameBlock =
    found.block === block.number &&
    found.block_hash === block.hash &&
    Date.parse(found.block_time) === Date.parse(block.timestamp);
  return [
    place,
    step('root', found.root === root, `The roots file has ${found.root} as the root of epoch ${epoch}.`),
    step('block', sameBlock, `There that epoch stands in block ${found.block} with the hash ${found.block_hash}.`),
    checkNewness(bundle, newest, 'the roots file', found.block_time, now_ms),
  ];
}

/** Never fails: a proof of an earlier state is a true one. It says how old it is. */
export function checkNewness(
  { epoch }: ProofBundle,
  newest: number,
  source: string,
  blockTime: string,
  now_ms: number,
): CheckStep {
  const age = `${age_text(now_ms - Date.parse(blockTime))} old`;
  const says =
    newest > epoch
      ? `Epoch ${epoch} is ${age}, and ${source} has ${newest - epoch} newer: what stands under the key may have changed since.`
      : `Epoch ${epoch} is ${age}, and the newest that ${source} has.`;
  return step('newness', true, says);
}

/**
 * Whether key and value are those of a DID's latest log entry.
 *
 * @param did with the hash of its last entry (`verifyDidLog`)
 * @param salt 32 bytes, `null` for an institution
 */
export function checkDid(
  { key, value }: ProofBundle,
  did: { did: string; entryHash: Uint8Array },
  salt: Uint8Array | null,
): CheckStep {
  if (toHex(anchorKey('did', did.did)) !== key) return step('did', false, `The key is not that of ${did.did}.`);
  const expected = salt === null ? institutionValue(did.entryHash) : personValue(salt, did.entryHash);
  return toHex(expected) === value
    ? step('did', true, `Key and value are those of the latest entry in the log of ${did.did}.`)
    : step(
        'did',
        false,
        `The value is not that of the last entry in the log of ${did.did}${salt === null ? ' without a salt' : ' with this salt'}.`,
      );
}

function age_text(age_ms: number): string {
  const minutes = Math.max(0, Math.floor(age_ms / 60_000));
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
}
