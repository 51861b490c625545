// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AnchorLog} from "../AnchorLog.sol";
import {Checks} from "./Vm.sol";

/// @dev What calls cost, kept in contracts/gas/AnchorLog.json. Each call is a transaction of its own: the figures are
/// those of whole transactions, with their base fee, their call data and everything cold.
/// forge-config: default.isolate = true
contract AnchorLogGas is Checks {
    bytes32 private constant CITY = keccak256("city");
    uint256 private constant COMMIT_GAS_MAX = 60_000;
    AnchorLog private log;

    function setUp() public {
        vm.warp(1_800_000_000);
        log = new AnchorLog();
        log.register(CITY, address(this));
    }

    function commit(uint48 epoch, string memory name) private {
        bytes32 previousRoot = epoch == 1 ? bytes32(0) : sha256(abi.encode(epoch - 1));
        log.commit(CITY, epoch, previousRoot, sha256(abi.encode(epoch)));
        yes(vm.snapshotGasLastCall("AnchorLog", name) <= COMMIT_GAS_MAX);
    }

    function test_gas_commit() public {
        commit(1, "commit, the first epoch");
        commit(2, "commit, the second epoch");
        vm.warp(1_900_000_000);
        commit(3, "commit, a later epoch");
    }

    function test_gas_ofTheOwnersCalls() public {
        log.register("another", address(0xC1));
        vm.snapshotGasLastCall("AnchorLog", "register");
        log.setCommitter(CITY, address(0xC2));
        vm.snapshotGasLastCall("AnchorLog", "setCommitter");
        log.setPaused(CITY, true);
        vm.snapshotGasLastCall("AnchorLog", "setPaused");
        log.startHandover(CITY, address(0xA2));
        vm.snapshotGasLastCall("AnchorLog", "startHandover");
        vm.prank(address(0xA2));
        log.acceptHandover(CITY);
        vm.snapshotGasLastCall("AnchorLog", "acceptHandover");
    }

    function test_gas_isAnchored_at10Levels() public {
        isAnchoredAt(10, "isAnchored, 10 levels");
    }

    function test_gas_isAnchored_at20Levels() public {
        isAnchoredAt(20, "isAnchored, 20 levels");
    }

    /// @dev A key of zeros whose path has a sibling at each level.
    function isAnchoredAt(uint16 depth, string memory name) private {
        bytes32 hash = sha256(abi.encodePacked(uint8(0), bytes32(0), bytes32("value")));
        bytes memory siblings;
        for (uint256 level = depth; level > 0; level--) {
            bytes32 sibling = sha256(abi.encode(level));
            hash = sha256(abi.encodePacked(uint8(1), hash, sibling));
            siblings = abi.encodePacked(sibling, siblings);
        }
        bytes memory bitmap = new bytes((depth + 7) / 8);
        for (uint256 level = 0; level < depth; level++) {
            bitmap[level / 8] |= bytes1(uint8(0x80) >> (level % 8));
        }
        log.commit(CITY, 1, 0, hash);
        bytes memory proof = abi.encodePacked(uint8(0), depth, bitmap, siblings);
        yes(log.isAnchored(CITY, 1, 0, "value", proof));
        vm.snapshotGasLastCall("AnchorLog", name);
    }
}
