// Trees and paths against the published ones of RFC 6962's reference implementation, and by property.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leafHash, rootFromPath, treePath, treeRoot } from '../../../src/metering/proofs/merkle-tree.ts';
import { newSeed } from '../../support/seed.ts';

const seed = newSeed('merkle tree');

// Source: the inputs and roots of certificate-transparency's reference tests (merkletree, cpp and go), for RFC 6962.
const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('a tree of leaf hashes', () => {
  test.each(roots.map((root, at) => [at + 1, root] as const))('of %i leaves has the published root', (size, root) => {
    const leaves = inputs.slice(0, size).map((data) => leafHash(hexToBytes(data), sha256));
    expect(bytesToHex(treeRoot(leaves, sha256))).toBe(root);
  });

  test('has a path from each leaf to its root, and from no other leaf, place, size or path [RFC 9162 2.1.3]', () => {
    const leaf = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(fc.array(leaf, { minLength: 1, maxLength: 70 }), fc.nat(), fc.nat(), (leaves, chosen, other) => {
        const index = chosen % leaves.length;
        const root = bytesToHex(treeRoot(leaves, sha256));
        const path = treePath(leaves, index, sha256);
        const one = leaves[index] as Uint8Array;
        const led = (...[hash, at, size, by]: [Uint8Array, number, number, Uint8Array[]]) => {
          const found = rootFromPath(hash, at, size, by, sha256);
          return found === null ? null : bytesToHex(found);
        };
        expect(led(one, index, leaves.length, path)).toBe(root);
        const changed = one.slice();
        changed[other % 32] = (changed[other % 32] ?? 0) ^ 1;
        expect(led(changed, index, leaves.length, path)).not.toBe(root);
        expect(led(one, index, leaves.length, [...path, one])).not.toBe(root);
        expect(led(one, index, leaves.length, path.slice(1))).not.toBe(leaves.length === 1 ? null : root);
        expect(led(one, leaves.length, leaves.length, path)).toBeNull();
        expect(led(one, -1, leaves.length, path)).toBeNull();
      }),
      { seed, numRuns: 100 },
    );
  });
});
