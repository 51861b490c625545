// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Checks proofs of a compact sparse Merkle map over 256-bit keys
/// @notice The map's root follows from its entries alone. A subtree without entries is 32 zero bytes, a subtree with
/// one entry is that entry's leaf wherever it stands, any other is a node:
///
///   leaf = SHA-256(0x00 ‖ key ‖ value)      node = SHA-256(0x01 ‖ left ‖ right)
///
/// A key's path takes its bits from the most significant on, 0 to the left.
///
/// A proof is: one byte saying what stands at the end of the key's path (0: the key's own leaf, 1: nothing, 2: another
/// key's leaf) | depth of that place, 2 bytes, big-endian, at most 256 | bitmap of ⌈depth / 8⌉ bytes, the first bit for
/// the sibling next to the root, 1 where the sibling isn't empty, the rest of the last byte 0 | for 2: the other key
/// and its value | the siblings that aren't empty, 32 bytes each, from the root down. No other byte may follow, and no
/// sibling that is listed may be zero: each fact has one encoding.
/// @dev src/anchoring/proofs.ts is the same in TypeScript; a test holds the two together.
library SparseMerkleProof {
    uint8 internal constant OWN_LEAF = 0;
    uint8 internal constant NOTHING = 1;
    uint8 internal constant OTHER_LEAF = 2;

    uint256 private constant FIXED_BYTES = 3;
    uint256 private constant DEPTH_MAX = 256;

    /// @notice Whether `proof` shows that the map with this root holds `value` under `key`.
    function includes(bytes32 root, bytes32 key, bytes32 value, bytes calldata proof) internal pure returns (bool) {
        if (proof.length < FIXED_BYTES || uint8(proof[0]) != OWN_LEAF) return false;
        return _leadsTo(root, key, _leaf(key, value), proof, FIXED_BYTES);
    }

    /// @notice Whether `proof` shows that the map with this root holds nothing under `key`.
    function excludes(bytes32 root, bytes32 key, bytes calldata proof) internal pure returns (bool) {
        if (proof.length < FIXED_BYTES) return false;
        if (uint8(proof[0]) == NOTHING) return _leadsTo(root, key, bytes32(0), proof, FIXED_BYTES);
        if (uint8(proof[0]) != OTHER_LEAF) return false;
        uint256 depth = _depth(proof);
        uint256 other = FIXED_BYTES + (depth + 7) / 8;
        if (depth > DEPTH_MAX || proof.length < other + 64) return false;
        bytes32 otherKey = bytes32(proof[other:other + 32]);
        // The other leaf must stand on this key's path: the same bits down to its depth, and not the key itself.
        if (otherKey == key || (depth > 0 && (uint256(otherKey ^ key) >> (256 - depth)) != 0)) return false;
        return _leadsTo(root, key, _leaf(otherKey, bytes32(proof[other + 32:other + 64])), proof, FIXED_BYTES + 64);
    }

    /// @param overhead bytes of the proof besides bitmap and siblings
    function _leadsTo(bytes32 root, bytes32 key, bytes32 hash, bytes calldata proof, uint256 overhead)
        private
        pure
        returns (bool)
    {
        uint256 depth = _depth(proof);
        uint256 bitmapBytes = (depth + 7) / 8;
        if (depth > DEPTH_MAX || proof.length < overhead + bitmapBytes) return false;
        uint256 bitmap = uint256(bytes32(proof[FIXED_BYTES:FIXED_BYTES + bitmapBytes]));
        if (depth < 256 && bitmap << depth != 0) return false;
        uint256 end = proof.length;
        for (uint256 level = depth; level > 0;) {
            unchecked {
                --level;
            }
            bytes32 sibling;
            if ((bitmap >> (255 - level)) & 1 == 1) {
                if (end < overhead + bitmapBytes + 32) return false;
                sibling = bytes32(proof[end - 32:end]);
                if (sibling == 0) return false;
                end -= 32;
            }
            hash = (uint256(key) >> (255 - level)) & 1 == 0 ? _node(hash, sibling) : _node(sibling, hash);
        }
        return end == overhead + bitmapBytes && hash == root;
    }

    function _depth(bytes calldata proof) private pure returns (uint256) {
        return uint16(bytes2(proof[1:3]));
    }

    function _leaf(bytes32 key, bytes32 value) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x00), key, value));
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }
}
