// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @dev The few cheat codes our tests need. Source: https://getfoundry.sh/reference/cheatcodes/overview
interface Vm {
    function prank(address sender) external;
    function warp(uint256 time) external;
    function expectRevert(bytes calldata data) external;
    function expectEmit() external;
    function assume(bool condition) external pure;
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256 gas);
}

/// @dev What the test contracts share.
abstract contract Checks {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error NotEqual(bytes32 got, bytes32 wanted);
    error NotTrue();

    function same(bytes32 got, bytes32 wanted) internal pure {
        if (got != wanted) revert NotEqual(got, wanted);
    }

    function same(uint256 got, uint256 wanted) internal pure {
        same(bytes32(got), bytes32(wanted));
    }

    function same(address got, address wanted) internal pure {
        same(uint256(uint160(got)), uint256(uint160(wanted)));
    }

    function yes(bool condition) internal pure {
        if (!condition) revert NotTrue();
    }
}
