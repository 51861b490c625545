// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AnchorLog} from "../AnchorLog.sol";
import {IAnchorLog} from "../interfaces/IAnchorLog.sol";
import {Checks} from "./Vm.sol";

/// @dev Anybody calling anything in any order; remembers what was committed by right.
contract Callers is Checks {
    bytes32 public constant CITY = keccak256("city");
    AnchorLog public immutable log = new AnchorLog();
    bytes32[] public roots;
    address public committer = address(0xC1);
    address public owner = address(this);
    address public offeredTo;
    bool public paused;
    bool public passedWrongly;

    constructor() {
        log.register(CITY, committer);
    }

    function commitNext(bytes32 root) external {
        IAnchorLog.Head memory head = log.head(CITY);
        vm.prank(committer);
        log.commit(CITY, head.epoch + 1, head.root, root);
        roots.push(root);
    }

    /// @dev Half of the time each part is right, so that calls come close to passing.
    function commitAnything(address sender, uint48 epoch, bytes32 previousRoot, bytes32 root) external {
        IAnchorLog.Head memory head = log.head(CITY);
        if (uint160(sender) % 2 == 0) sender = committer;
        if (uint256(previousRoot) % 2 == 0) previousRoot = head.root;
        epoch = head.epoch + epoch % 3;
        vm.prank(sender);
        log.commit(CITY, epoch, previousRoot, root);
        if (sender != committer || epoch != head.epoch + 1 || previousRoot != head.root || paused) {
            passedWrongly = true;
        }
        roots.push(root);
    }

    function replaceCommitter(address sender, address next) external {
        if (uint160(sender) % 2 == 0) sender = owner;
        vm.prank(sender);
        log.setCommitter(CITY, next);
        if (sender != owner) passedWrongly = true;
        committer = next;
    }

    /// @dev Stopped in one of four, so that most of a run has commits.
    function pause(address sender, uint8 choice) external {
        if (uint160(sender) % 2 == 0) sender = owner;
        vm.prank(sender);
        log.setPaused(CITY, choice % 4 == 0);
        if (sender != owner) passedWrongly = true;
        paused = choice % 4 == 0;
    }

    function offer(address sender, address next) external {
        if (uint160(sender) % 2 == 0) sender = owner;
        vm.prank(sender);
        log.startHandover(CITY, next);
        if (sender != owner) passedWrongly = true;
        offeredTo = next;
    }

    function accept(address sender) external {
        if (uint160(sender) % 2 == 0) sender = offeredTo;
        // Nobody sends from the zero address, which an offer that is not stands for.
        if (sender == address(0)) return;
        vm.prank(sender);
        log.acceptHandover(CITY);
        if (sender != offeredTo) passedWrongly = true;
        owner = sender;
        offeredTo = address(0);
    }

    function commitElsewhere(bytes32 id, bytes32 previousRoot, bytes32 root) external {
        if (id == CITY) return;
        log.register(id, address(this));
        log.commit(id, 1, previousRoot, root);
        if (previousRoot != 0) passedWrongly = true;
    }

    function openAny(bytes32 id, address sender) external {
        vm.prank(sender);
        log.register(id, sender);
        if (id == CITY) passedWrongly = true;
    }

    function count() external view returns (uint256) {
        return roots.length;
    }
}

contract AnchorLogInvariants is Checks {
    Callers private callers;

    function setUp() public {
        callers = new Callers();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(callers);
    }

    function invariant_committerOwnerAndPauseAreThoseLastSet() public view {
        same(callers.log().committerOf(callers.CITY()), callers.committer());
        (address owner, address offeredTo) = callers.log().ownerOf(callers.CITY());
        same(owner, callers.owner());
        same(offeredTo, callers.offeredTo());
        yes(callers.log().isPaused(callers.CITY()) == callers.paused());
    }

    function invariant_epochsRiseAndRootsNeverChange() public view {
        uint256 count = callers.count();
        same(callers.log().head(callers.CITY()).epoch, count);
        yes(!callers.passedWrongly());
        for (uint48 epoch = 1; epoch <= count; epoch++) {
            same(callers.log().rootOf(callers.CITY(), epoch), callers.roots(epoch - 1));
        }
    }
}
