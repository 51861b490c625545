// The one word that tells staff whether a meter needs looking after.
export const meterStates = ['ok', 'silent', 'alarm', 'never'] as const;
export type MeterState = (typeof meterStates)[number];

/** A day and a reporting interval's grace: meters that report every six hours may miss one and not be called silent. */
export const silentAfter_ms = 26 * 3_600_000;
