// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AnchorLog} from "../AnchorLog.sol";
import {IAnchorLog} from "../interfaces/IAnchorLog.sol";
import {Checks} from "./Vm.sol";

contract AnchorLogTest is Checks {
    bytes32 private constant CITY = keccak256("city");
    bytes32 private constant OTHER_CITY = keccak256("other city");
    address private constant OWNER = address(0xA1);
    address private constant COMMITTER = address(0xC1);
    address private constant STRANGER = address(0x51);

    AnchorLog private log;

    function setUp() public {
        log = new AnchorLog();
        vm.prank(OWNER);
        log.register(CITY, COMMITTER);
    }

    function commitAs(address sender, uint48 epoch, bytes32 previousRoot, bytes32 root) private {
        vm.prank(sender);
        log.commit(CITY, epoch, previousRoot, root);
    }

    function test_register_saysWhoOwnsAndWhoCommits() public {
        vm.expectEmit();
        emit IAnchorLog.Registered(OTHER_CITY, OWNER, STRANGER);
        vm.prank(OWNER);
        log.register(OTHER_CITY, STRANGER);
        (address owner, address offeredTo) = log.ownerOf(OTHER_CITY);
        same(owner, OWNER);
        same(offeredTo, address(0));
        same(log.committerOf(OTHER_CITY), STRANGER);
        yes(!log.isPaused(OTHER_CITY));
    }

    function test_register_refusesATakenId() public {
        vm.expectRevert(abi.encodeWithSelector(IAnchorLog.RegistryTaken.selector, CITY));
        log.register(CITY, STRANGER);
    }

    function test_register_refusesNoCommitter() public {
        vm.expectRevert(abi.encodeWithSelector(IAnchorLog.CommitterMissing.selector, OTHER_CITY));
        log.register(OTHER_CITY, address(0));
    }

    function test_head_isEmptyBeforeTheFirstCommit() public view {
        IAnchorLog.Head memory head = log.head(CITY);
        same(head.epoch, 0);
        same(head.time, 0);
        same(head.root, bytes32(0));
    }

    function test_commit_fixesTheRootAndTheTime() public {
        vm.warp(1_800_000_000);
        vm.expectEmit();
        emit IAnchorLog.Committed(CITY, 1, bytes32(0), "one");
        commitAs(COMMITTER, 1, 0, "one");
        vm.warp(1_800_000_005);
        commitAs(COMMITTER, 2, "one", "two");
        IAnchorLog.Head memory head = log.head(CITY);
        same(head.epoch, 2);
        same(head.time, 1_800_000_005);
        same(head.root, "two");
        same(log.rootOf(CITY, 1), "one");
        same(log.rootOf(CITY, 2), "two");
    }

    function test_commit_takesTheRootOfTheEmptyMap() public {
        commitAs(COMMITTER, 1, 0, "one");
        commitAs(COMMITTER, 2, "one", 0);
        commitAs(COMMITTER, 3, 0, "three");
        same(log.rootOf(CITY, 2), bytes32(0));
    }

    function test_commit_keepsRegistriesApart() public {
        log.register(OTHER_CITY, address(this));
        log.commit(OTHER_CITY, 1, 0, "theirs");
        commitAs(COMMITTER, 1, 0, "ours");
        same(log.rootOf(OTHER_CITY, 1), "theirs");
        same(log.rootOf(CITY, 1), "ours");
    }

    function testFuzz_commit_refusesEverybodyButTheCommitter(address sender) public {
        vm.assume(sender != COMMITTER);
        vm.expectRevert(abi.encodeWithSelector(IAnchorLog.NotCommitter.selector, CITY, sender, COMMITTER));
        commitAs(sender, 1, 0, "root");
    }

    function testFuzz_commit_refusesEveryEpochButTheNext(uint48 epoch) public {
        commitAs(COMMITTER, 1, 0, "one");
        vm.assume(epoch != 2);
        vm.expectRevert(abi.encodeWithSelector(IAnchorLog.EpochNotNext.selector, CITY, epoch, 2));
        commitAs(COMMITTER, epoch, "one", "root");
    }

    function testFuzz_commit_refusesEveryPreviousRootButTheNewest(bytes32 previousRoot) public {
        commitAs(COMMITTER, 1, 0, "one");
        vm.assume(previousRoot != "one");
        vm.expectRevert(
            abi.encodeWithSelector(IAnchorLog.PreviousRootWrong.selector, CITY, previousRoot, bytes32("one"))
        );
        commitAs(COMMITTER, 2, previousRoot, "root");
    }

    function test_commit_refusesTheSameEpochTwice() public {
        commitAs(COMMITTER, 1, 0, "one");
        vm.expectRevert(abi.encodeWithSelector(IAnchorLog.EpochNotNext.selector, CITY, 1, 2));
        commitAs(COMMITTER, 1, 0, "one");
    }

    function test_commit_refusesAnUnknownRegistry() public {
        vm.expectRevert(abi.encodeWithSelector(IAnchorLog.RegistryUnknown.selector, OTHER_CITY));
        log.commit(OTHER_CITY, 1, 0, "root");
    }

    function testFuzz_rootOf_refusesAnEpochThatIsNot(uint48 epoch) public {
        commitAs(COMMITTER, 1, 0, "one");
        vm.assume(epoch != 1);
        vm.expectRevert(abi.encodeWithSelector(IAnchorLog.EpochUnknown.selector, CITY, epoch, 1));
        log.rootOf(CITY, epoch);
    }

    function test_head_refusesAnUnknownRegistry() public {
        vm.expectRevert(abi.encodeWithSelector(IAnchorLog.RegistryUnknown.selector, OTHER_CITY));
        log.head(OTHER_CITY);
    }

    function test_setCommitter_lockTheOldOneOut() public {
        vm.expectEmit();
        emit IAnchorLog.CommitterChanged(CITY, COMMITTER, STRANGER);
        vm.prank(OWNER);
        log.setCommitter(CITY, STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IAnchorLog.NotCommitter.selector, CITY, COMMITTER, STRANGER));
        commitAs(COMMITTER, 1, 0, "one");
        commitAs(STRANGER, 1, 0, "one");
    }

    function test_setCommitter_refusesNobody() public {
        vm.prank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(IAnchorLog.CommitterMissing.selector, CITY));
        log.setCommitter(CITY, address(0));
    }

    function testFuzz_ownersCalls_refuseEverybodyElse(address sender) public {
        vm.assume(sender != OWNER);
        bytes memory refusal = abi.encodeWithSelector(IAnchorLog.NotOwner.selector, CITY, sender, OWNER);
        vm.prank(sender);
        vm.expectRevert(refusal);
        log.setCommitter(CITY, sender);
        vm.prank(sender);
        vm.expectRevert(refusal);
        log.setPaused(CITY, true);
        vm.prank(sender);
        vm.expectRevert(refusal);
        log.startHandover(CITY, sender);
    }

    function test_setPaused_stopsCommitsUntilItIsTakenBack() public {
        vm.expectEmit();
        emit IAnchorLog.PauseChanged(CITY, true);
        vm.prank(OWNER);
        log.setPaused(CITY, true);
        yes(log.isPaused(CITY));
        vm.expectRevert(abi.encodeWithSelector(IAnchorLog.RegistryPaused.selector, CITY));
        commitAs(COMMITTER, 1, 0, "one");
        vm.prank(OWNER);
        log.setPaused(CITY, false);
        commitAs(COMMITTER, 1, 0, "one");
    }

    function test_handover_takesTwoSteps() public {
        vm.expectEmit();
        emit IAnchorLog.HandoverStarted(CITY, OWNER, STRANGER);
        vm.prank(OWNER);
        log.startHandover(CITY, STRANGER);
        (address before,) = log.ownerOf(CITY);
        same(before, OWNER);
        vm.expectEmit();
        emit IAnchorLog.HandoverCompleted(CITY, OWNER, STRANGER);
        vm.prank(STRANGER);
        log.acceptHandover(CITY);
        (address owner, address offeredTo) = log.ownerOf(CITY);
        same(owner, STRANGER);
        same(offeredTo, address(0));
    }

    function testFuzz_handover_refusesWhomItWasNotOfferedTo(address sender) public {
        vm.assume(sender != STRANGER);
        vm.prank(OWNER);
        log.startHandover(CITY, STRANGER);
        vm.prank(sender);
        vm.expectRevert(abi.encodeWithSelector(IAnchorLog.NotOffered.selector, CITY, sender, STRANGER));
        log.acceptHandover(CITY);
    }

    function test_handover_canBeWithdrawn() public {
        vm.prank(OWNER);
        log.startHandover(CITY, STRANGER);
        vm.prank(OWNER);
        log.startHandover(CITY, address(0));
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IAnchorLog.NotOffered.selector, CITY, STRANGER, address(0)));
        log.acceptHandover(CITY);
    }
}
