// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SparseMerkleProof} from "./SparseMerkleProof.sol";
import {IAnchorLog} from "./interfaces/IAnchorLog.sol";

/// @title AnchorLog
/// @notice See IAnchorLog, which says what each part promises.
/// @dev OpenZeppelin's Ownable2Step and Pausable know one owner and one pause a contract; here each registry has its
/// own, with the same two steps. There is no upgrade and nobody above the registries: what is committed stays true.
contract AnchorLog is IAnchorLog {
    using SafeCast for uint256;

    /// @dev The first four members share one slot: a commit writes that slot and its root, and nothing else.
    struct Registry {
        address committer;
        uint48 epoch;
        uint40 time;
        bool paused;
        address owner;
        address offeredTo;
    }

    mapping(bytes32 registryId => Registry) private _registries;
    mapping(bytes32 registryId => mapping(uint48 epoch => bytes32 root)) private _roots;

    modifier onlyOwner(bytes32 registryId) {
        address owner = _existing(registryId).owner;
        if (msg.sender != owner) revert NotOwner(registryId, msg.sender, owner);
        _;
    }

    /// @inheritdoc IAnchorLog
    function register(bytes32 registryId, address committer) external {
        Registry storage registry = _registries[registryId];
        if (registry.owner != address(0)) revert RegistryTaken(registryId);
        if (committer == address(0)) revert CommitterMissing(registryId);
        registry.owner = msg.sender;
        registry.committer = committer;
        emit Registered(registryId, msg.sender, committer);
    }

    /// @inheritdoc IAnchorLog
    function commit(bytes32 registryId, uint48 epoch, bytes32 previousRoot, bytes32 root) external {
        Registry storage registry = _registries[registryId];
        address committer = registry.committer;
        if (committer == address(0)) revert RegistryUnknown(registryId);
        if (msg.sender != committer) revert NotCommitter(registryId, msg.sender, committer);
        if (registry.paused) revert RegistryPaused(registryId);
        uint48 newest = registry.epoch;
        if (epoch != newest + 1) revert EpochNotNext(registryId, epoch, newest + 1);
        bytes32 expected = _roots[registryId][newest];
        if (previousRoot != expected) revert PreviousRootWrong(registryId, previousRoot, expected);
        _roots[registryId][epoch] = root;
        registry.epoch = epoch;
        registry.time = block.timestamp.toUint40();
        emit Committed(registryId, epoch, previousRoot, root);
    }

    /// @inheritdoc IAnchorLog
    function setCommitter(bytes32 registryId, address committer) external onlyOwner(registryId) {
        if (committer == address(0)) revert CommitterMissing(registryId);
        emit CommitterChanged(registryId, _registries[registryId].committer, committer);
        _registries[registryId].committer = committer;
    }

    /// @inheritdoc IAnchorLog
    function setPaused(bytes32 registryId, bool paused) external onlyOwner(registryId) {
        _registries[registryId].paused = paused;
        emit PauseChanged(registryId, paused);
    }

    /// @inheritdoc IAnchorLog
    function startHandover(bytes32 registryId, address newOwner) external onlyOwner(registryId) {
        _registries[registryId].offeredTo = newOwner;
        emit HandoverStarted(registryId, msg.sender, newOwner);
    }

    /// @inheritdoc IAnchorLog
    function acceptHandover(bytes32 registryId) external {
        Registry storage registry = _existing(registryId);
        if (msg.sender != registry.offeredTo) revert NotOffered(registryId, msg.sender, registry.offeredTo);
        emit HandoverCompleted(registryId, registry.owner, msg.sender);
        registry.owner = msg.sender;
        registry.offeredTo = address(0);
    }

    /// @inheritdoc IAnchorLog
    function head(bytes32 registryId) external view returns (Head memory) {
        Registry storage registry = _existing(registryId);
        uint48 epoch = registry.epoch;
        return Head({epoch: epoch, time: registry.time, root: _roots[registryId][epoch]});
    }

    /// @inheritdoc IAnchorLog
    function rootOf(bytes32 registryId, uint48 epoch) public view returns (bytes32) {
        uint48 newest = _existing(registryId).epoch;
        if (epoch == 0 || epoch > newest) revert EpochUnknown(registryId, epoch, newest);
        return _roots[registryId][epoch];
    }

    /// @inheritdoc IAnchorLog
    function committerOf(bytes32 registryId) external view returns (address) {
        return _existing(registryId).committer;
    }

    /// @inheritdoc IAnchorLog
    function ownerOf(bytes32 registryId) external view returns (address owner, address offeredTo) {
        Registry storage registry = _existing(registryId);
        return (registry.owner, registry.offeredTo);
    }

    /// @inheritdoc IAnchorLog
    function isPaused(bytes32 registryId) external view returns (bool) {
        return _existing(registryId).paused;
    }

    /// @inheritdoc IAnchorLog
    function isAnchored(bytes32 registryId, uint48 epoch, bytes32 key, bytes32 value, bytes calldata proof)
        external
        view
        returns (bool)
    {
        return SparseMerkleProof.includes(rootOf(registryId, epoch), key, value, proof);
    }

    /// @inheritdoc IAnchorLog
    function isAbsent(bytes32 registryId, uint48 epoch, bytes32 key, bytes calldata proof)
        external
        view
        returns (bool)
    {
        return SparseMerkleProof.excludes(rootOf(registryId, epoch), key, proof);
    }

    function _existing(bytes32 registryId) private view returns (Registry storage registry) {
        registry = _registries[registryId];
        if (registry.owner == address(0)) revert RegistryUnknown(registryId);
    }
}
