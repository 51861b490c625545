/** What a wallet may say became of credentials it was given. Source: OpenID4VCI 1.0, 11.1. */
export const walletEvents = ['credential_accepted', 'credential_failure', 'credential_deleted'] as const;
export type WalletEvent = (typeof walletEvents)[number];
