// A map made for a test from its changes.
import { type Change, type MapVersion, SparseMerkleMap } from '../../src/anchoring/sparse-merkle-map.ts';

export function mapOf(changes: Iterable<Change>): Promise<MapVersion> {
  return new SparseMerkleMap().advance(changes);
}
