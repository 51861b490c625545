// Every bound of device identity and of what a connected device may do, in one place.

export const deviceLimits = {
  /** So many seconds' messages a device may send at once: a modem that empties its memory does, once. */
  burst_s: 10,
  /** A gateway may send as much as so many devices. */
  gatewayAsDevices: 200,
  /** A device that is held up is reported again after this. */
  floodAgain_ms: 60_000,
  /** How long take-overs are remembered, and how many a device. */
  takeoverWindow_ms: 600_000,
  takeoversRemembered: 16,
  takeoverDevices: 10_000,
  /** Returns to an address that had been taken over from, within the window, that make an alarm. */
  flappingReturns: 2,
  /** Take-overs within a minute that make one, whatever the addresses. */
  flappingPerMinute: 5,
  /** Connections are told to other processes in batches gathered for so long. */
  announceAfter_ms: 250,
  /** What a lost notification would have told is looked up this often; files of certificates too. */
  checkEvery_ms: 10_000,
  /** Secrets of the first version put under the key in one statement. */
  raiseAtOnce: 1_000,
  /** Longest time for which a rotated secret stays good. */
  rotationGraceMost_s: 30 * 86_400,
  certificateLifetime_days: 1_825,
  authorityLifetime_days: 7_300,
  /** Until when somebody who was handed our revocation list may rely on it. */
  listLifetime_days: 7,
  claimLifetime_h: { usual: 72, most: 24 * 90 },
  claimWrongTries: 5,
  claimTriesPerMinute: 10,
  pinsPerDevice: 8,
  /** Problems of a provisioning file that are told at once, and its largest size. */
  csvProblems: 100,
  csv_bytes: 67_108_864,
  csvRowsAtOnce: 1_000,
} as const;
