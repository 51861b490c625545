// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title A log of roots that many registries share
/// @notice A registry (a city) keeps a sparse Merkle map of hashes elsewhere and commits the map's root here, once an
/// epoch. Epochs of a registry rise one by one from 1, each on the root before it, and a root never changes or
/// disappears: whoever holds a proof can check it here for ever, without asking the registry's operator.
/// @dev Nothing in here is about a person: a root covers every change of an epoch, however many there were.
interface IAnchorLog {
    /// @notice The newest epoch of a registry.
    /// @param epoch its number, 0 before the first commit
    /// @param time the time of the block that holds it, seconds since 1970, 0 before the first commit
    /// @param root its root, 0 before the first commit (the root of the empty map)
    struct Head {
        uint48 epoch;
        uint40 time;
        bytes32 root;
    }

    /// @notice A registry was opened.
    event Registered(bytes32 indexed registryId, address indexed owner, address indexed committer);

    /// @notice An epoch was committed.
    event Committed(bytes32 indexed registryId, uint48 indexed epoch, bytes32 previousRoot, bytes32 root);

    /// @notice The registry's committer was replaced.
    event CommitterChanged(bytes32 indexed registryId, address indexed previousCommitter, address indexed committer);

    /// @notice The owner offers the registry to `newOwner`, who must accept.
    event HandoverStarted(bytes32 indexed registryId, address indexed owner, address indexed newOwner);

    /// @notice The registry has a new owner.
    event HandoverCompleted(bytes32 indexed registryId, address indexed previousOwner, address indexed owner);

    /// @notice The owner stopped commits, or allowed them again.
    event PauseChanged(bytes32 indexed registryId, bool paused);

    /// @notice There is already a registry with this id.
    error RegistryTaken(bytes32 registryId);

    /// @notice There is no registry with this id.
    error RegistryUnknown(bytes32 registryId);

    /// @notice A registry can't be without a committer.
    error CommitterMissing(bytes32 registryId);

    /// @notice Only the registry's committer may do this.
    error NotCommitter(bytes32 registryId, address caller, address committer);

    /// @notice Only the registry's owner may do this.
    error NotOwner(bytes32 registryId, address caller, address owner);

    /// @notice Only the address the registry was offered to may accept it.
    error NotOffered(bytes32 registryId, address caller, address offeredTo);

    /// @notice Commits are stopped by the registry's owner.
    error RegistryPaused(bytes32 registryId);

    /// @notice The epoch is not the next one.
    error EpochNotNext(bytes32 registryId, uint48 epoch, uint48 next);

    /// @notice The commit does not build on the newest root.
    error PreviousRootWrong(bytes32 registryId, bytes32 previousRoot, bytes32 expected);

    /// @notice The registry has no such epoch (yet).
    error EpochUnknown(bytes32 registryId, uint48 epoch, uint48 newest);

    /// @notice Opens a registry; the caller becomes its owner.
    /// @param registryId free to choose, e.g. 32 random bytes; who comes first has it, so whoever reads a registry must
    /// know from elsewhere whose it is
    /// @param committer the only address that may commit
    function register(bytes32 registryId, address committer) external;

    /// @notice Fixes the root of the next epoch.
    /// @param epoch the newest epoch + 1
    /// @param previousRoot the newest root (0 for epoch 1)
    /// @param root the map's root after the epoch's changes
    function commit(bytes32 registryId, uint48 epoch, bytes32 previousRoot, bytes32 root) external;

    /// @notice Replaces the committer, by the owner: rotation of its key, or after its theft. What the old one
    /// committed stays.
    function setCommitter(bytes32 registryId, address committer) external;

    /// @notice Stops commits, or allows them again, by the owner.
    function setPaused(bytes32 registryId, bool paused) external;

    /// @notice Offers the registry to another owner; `address(0)` withdraws an offer.
    function startHandover(bytes32 registryId, address newOwner) external;

    /// @notice Takes over a registry that was offered to the caller. Roots, committer and pause stay as they are: a new
    /// owner who doesn't trust the old one's committer replaces it.
    function acceptHandover(bytes32 registryId) external;

    /// @notice The newest epoch, its root, and the time of its block.
    function head(bytes32 registryId) external view returns (Head memory);

    /// @notice The root of an epoch.
    function rootOf(bytes32 registryId, uint48 epoch) external view returns (bytes32);

    /// @notice Who may commit, unless commits are stopped.
    function committerOf(bytes32 registryId) external view returns (address);

    /// @notice Who owns the registry, and to whom it is offered (`address(0)`: to nobody).
    function ownerOf(bytes32 registryId) external view returns (address owner, address offeredTo);

    /// @notice Whether commits are stopped.
    function isPaused(bytes32 registryId) external view returns (bool);

    /// @notice Whether the map held `value` under `key` at that epoch. A malformed proof is simply false.
    /// @param proof encoded as in `SparseMerkleProof`
    function isAnchored(bytes32 registryId, uint48 epoch, bytes32 key, bytes32 value, bytes calldata proof)
        external
        view
        returns (bool);

    /// @notice Whether the map held nothing under `key` at that epoch. A malformed proof is simply false.
    /// @param proof encoded as in `SparseMerkleProof`
    function isAbsent(bytes32 registryId, uint48 epoch, bytes32 key, bytes calldata proof) external view returns (bool);
}
