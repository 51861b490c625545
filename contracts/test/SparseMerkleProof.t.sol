// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AnchorLog} from "../AnchorLog.sol";
import {Checks} from "./Vm.sol";

/// @dev A map of two entries whose keys part at a chosen depth, hashed by hand as the definition says.
contract SparseMerkleProofTest is Checks {
    bytes32 private constant CITY = keccak256("city");

    struct Pair {
        bytes32 key;
        bytes32 value;
        bytes32 otherKey;
        bytes32 otherValue;
        uint16 depth;
    }

    AnchorLog private log;

    function setUp() public {
        log = new AnchorLog();
        log.register(CITY, address(this));
    }

    function leaf(bytes32 key, bytes32 value) private pure returns (bytes32) {
        return sha256(abi.encodePacked(uint8(0), key, value));
    }

    function node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(uint8(1), left, right));
    }

    function bitAt(bytes32 key, uint256 level) private pure returns (bool) {
        return (uint256(key) >> (255 - level)) & 1 == 1;
    }

    /// @dev `seedDepth` picks the level (0..255) where the keys part.
    function pairOf(bytes32 key, bytes32 value, bytes32 otherValue, uint8 seedDepth) private returns (Pair memory) {
        bytes32 otherKey = bytes32(uint256(key) ^ (uint256(1) << (255 - seedDepth)));
        bool right = bitAt(key, seedDepth);
        bytes32 mine = leaf(key, value);
        bytes32 theirs = leaf(otherKey, otherValue);
        bytes32 hash = right ? node(theirs, mine) : node(mine, theirs);
        for (uint256 level = seedDepth; level > 0; level--) {
            hash = bitAt(key, level - 1) ? node(0, hash) : node(hash, 0);
        }
        log.commit(CITY, 1, 0, hash);
        return Pair(key, value, otherKey, otherValue, uint16(seedDepth) + 1);
    }

    function proofOf(Pair memory pair) private pure returns (bytes memory) {
        bytes memory bitmap = new bytes((pair.depth + 7) / 8);
        bitmap[(pair.depth - 1) / 8] = bytes1(uint8(0x80) >> ((pair.depth - 1) % 8));
        return abi.encodePacked(uint8(0), pair.depth, bitmap, leaf(pair.otherKey, pair.otherValue));
    }

    function testFuzz_isAnchored_holdsForTheTrueValue(bytes32 key, bytes32 value, bytes32 otherValue, uint8 depth)
        public
    {
        Pair memory pair = pairOf(key, value, otherValue, depth);
        bytes memory proof = proofOf(pair);
        yes(log.isAnchored(CITY, 1, key, value, proof));
        yes(!log.isAnchored(CITY, 1, key, ~value, proof));
        yes(!log.isAnchored(CITY, 1, pair.otherKey, value, proof));
        yes(!log.isAbsent(CITY, 1, key, proof));
    }

    function testFuzz_isAnchored_refusesEveryChangedBit(bytes32 key, bytes32 value, uint8 depth, uint256 bit) public {
        Pair memory pair = pairOf(key, value, "other", depth);
        bytes memory proof = proofOf(pair);
        bit %= proof.length * 8;
        proof[bit / 8] ^= bytes1(uint8(1) << uint8(bit % 8));
        yes(!log.isAnchored(CITY, 1, key, value, proof));
        yes(!log.isAbsent(CITY, 1, key, proof));
    }

    function testFuzz_isAnchored_refusesAnythingElse(bytes32 key, bytes32 value, bytes calldata proof) public {
        pairOf(key, value, "other", 4);
        vm.assume(
            keccak256(proof) != keccak256(proofOf(Pair(key, value, bytes32(uint256(key) ^ (1 << 251)), "other", 5)))
        );
        yes(!log.isAnchored(CITY, 1, key, value, proof));
        yes(!log.isAbsent(CITY, 1, key, proof));
    }

    function testFuzz_isAbsent_holdsWhereAnotherLeafStands(bytes32 key, bytes32 otherKey, bytes32 otherValue) public {
        vm.assume(key != otherKey);
        log.commit(CITY, 1, 0, leaf(otherKey, otherValue));
        bytes memory proof = abi.encodePacked(uint8(2), uint16(0), otherKey, otherValue);
        yes(log.isAbsent(CITY, 1, key, proof));
        yes(!log.isAbsent(CITY, 1, otherKey, proof));
        yes(!log.isAbsent(CITY, 1, key, abi.encodePacked(uint8(2), uint16(0), otherKey, ~otherValue)));
        yes(log.isAnchored(CITY, 1, otherKey, otherValue, hex"000000"));
    }

    function test_isAbsent_holdsForEveryKeyOfTheEmptyMap() public {
        log.commit(CITY, 1, 0, 0);
        yes(log.isAbsent(CITY, 1, "any", hex"010000"));
        yes(!log.isAbsent(CITY, 1, "any", hex"000000"));
        yes(!log.isAbsent(CITY, 1, "any", hex"01000000"));
        yes(!log.isAbsent(CITY, 1, "any", ""));
    }

    function test_isAbsent_refusesALeafThatDoesNotBelongOnThePath() public {
        bytes32 right = ~bytes32(0);
        bytes32 key = bytes32(uint256(right) >> 4);
        log.commit(CITY, 1, 0, node(leaf(0, 0), leaf(right, right)));
        // A root that no map has, with the two on each other's sides.
        log.commit(CITY, 2, log.rootOf(CITY, 1), node(leaf(right, right), leaf(0, 0)));
        bytes1 bitmap = 0x80;
        yes(
            log.isAbsent(
                CITY, 1, key, abi.encodePacked(uint8(2), uint16(1), bitmap, bytes32(0), bytes32(0), leaf(right, right))
            )
        );
        yes(!log.isAbsent(CITY, 2, key, abi.encodePacked(uint8(2), uint16(1), bitmap, right, right, leaf(0, 0))));
    }

    function test_isAnchored_refusesAnEmptySiblingInTheList() public {
        Pair memory pair = pairOf(bytes32(uint256(1) << 248), "value", "other", 7);
        bytes32 sibling = leaf(pair.otherKey, pair.otherValue);
        yes(log.isAnchored(CITY, 1, pair.key, pair.value, abi.encodePacked(uint8(0), uint16(8), bytes1(0x01), sibling)));
        yes(
            !log.isAnchored(
                CITY, 1, pair.key, pair.value, abi.encodePacked(uint8(0), uint16(8), bytes1(0x03), bytes32(0), sibling)
            )
        );
    }
}
