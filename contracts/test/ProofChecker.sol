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

    function holds(Statement calldata statement) public pure returns (bool) {
        return statement.isAbsence
            ? SparseMerkleProof.excludes(statement.root, statement.key, statement.proof)
            : SparseMerkleProof.includes(statement.root, statement.key, statement.value, statement.proof);
    }

    function holdEach(Statement[] calldata statements) external pure returns (bool[] memory answers) {
        answers = new bool[](statements.length);
        for (uint256 i = 0; i < statements.length; i++) {
            answers[i] = holds(statements[i]);
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
}
