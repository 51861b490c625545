// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {SparseMerkleProof} from "../SparseMerkleProof.sol";

/// @dev Puts the library's answers within reach of a test in TypeScript, many in one call.
contract ProofChecker {
    struct Statement {
        bytes32 root;
        bytes32 key;
        bytes32 value;
        bool isAbsence;
        bytes proof;
    }

    uint256 private constant HEAD_BYTES = 99;

    function holds(Statement calldata statement) public pure returns (bool) {
        return _holds(statement.root, statement.key, statement.value, statement.isAbsence, statement.proof);
    }

    /// @param packed one after another: root | key | value | 1 for absence, else 0 | proof's length, 2 bytes | proof
    /// @return answers a byte each, 1 where it holds
    function holdEach(bytes calldata packed, uint256 count) external pure returns (bytes memory answers) {
        answers = new bytes(count);
        for (uint256 i = 0; i < count; i++) {
            uint256 end = HEAD_BYTES + uint16(bytes2(packed[97:99]));
            if (
                _holds(
                    bytes32(packed[:32]),
                    bytes32(packed[32:64]),
                    bytes32(packed[64:96]),
                    packed[96] != 0,
                    packed[HEAD_BYTES:end]
                )
            ) answers[i] = 0x01;
            packed = packed[end:];
        }
    }

    /// @notice How many of the proofs that differ from the given one in a single bit are accepted.
    function flippedHold(Statement memory statement) external view returns (uint256 accepted, uint256 tried) {
        bytes memory proof = statement.proof;
        for (; tried < proof.length * 8; tried++) {
            bytes1 bit = bytes1(uint8(1) << uint8(tried % 8));
            proof[tried / 8] ^= bit;
            // Through a call, because the library reads call data.
            if (this.holds(statement)) accepted++;
            proof[tried / 8] ^= bit;
        }
    }

    function _holds(bytes32 root, bytes32 key, bytes32 value, bool isAbsence, bytes calldata proof)
        private
        pure
        returns (bool)
    {
        return isAbsence
            ? SparseMerkleProof.excludes(root, key, proof)
            : SparseMerkleProof.includes(root, key, value, proof);
    }
}
