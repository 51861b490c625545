// Every bound of the intake, in one place.

export const intakeLimits = {
  /** Largest MQTT packet, its fixed header left out, before the device has shown who it is, and after where nothing else
   *  is configured. */
  packetBeforeAuthentication_bytes: 65_536,
  packetAfterAuthentication_bytes: 65_536,
  /** A connection that has not sent its CONNECT by then is closed. */
  connectWithin_ms: 5_000,
  /** Connections of one address that have not authenticated yet, and all of them. Whole districts of cellular meters
   *  share one address, so these bound an attacker rather than a fleet. */
  unauthenticatedPerAddress: 1_000,
  connectionsPerAddress: 20_000,
  /** Messages taken from devices and not yet committed; above either, no more is read from any socket. */
  inFlightMessages: 50_000,
  inFlight_bytes: 67_108_864,
  /** Messages of one connection on their way to subscribers, and messages to one device that it has not acknowledged. */
  routingPerConnection: 64,
  unacknowledgedToDevice: 100,
  /** Room for packet ids that a connection keeps between its acknowledgements. */
  acknowledgementsKept: 256,
  /** One transaction. */
  batchMessages: 10_000,
  batchReadings: 100_000,
  batch_bytes: 8_388_608,
  /** So many leave for a free database connection at once: one turn of the event loop can bring a message of every
   *  connection, and a commit that began only after all of them would leave everything else idle meanwhile. */
  commitAtOnceMessages: 1_024,
  /** Database connections that commit: one batch in flight on each, the next gathers meanwhile. */
  commitConnections: 2,
  /** Pauses between tries of a batch that the database could not take now. */
  retryFirst_ms: 50,
  retryMost_ms: 2_000,
  /** Batches in a row that are checked row by row at most, after readings taken to be new were stored already. */
  distrustedBatches: 64,
  /** Devices whose newest reading is remembered, so that what is newer need not be checked. About 200 bytes each. */
  rememberedDevices: 100_000,
  /** Readings one payload may hold. */
  readingsPerUplink: 1_000,
  /** How long a stored packet is remembered for recognising its redelivery; see commit-service.ts. */
  redeliveryWindow_ms: 30 * 60_000,
  /** For how long after its CONNECT a device may send again what an earlier connection left unacknowledged. */
  resendAfterConnect_ms: 60_000,
  /** How far ahead of the receipt a device's clock may be. */
  clockAhead_ms: 3_600_000,
  /** 2015-01-01T00:00:00Z: no meter this service reads was measuring before. */
  earliestMeasured_ms: 1_420_070_400_000,
  /** Device records kept in memory, and for how long, so that a fleet coming back does not ask for each. */
  cachedDevices: 20_000,
  cachedDevice_ms: 60_000,
  /** How often a process tells what it took, when one that tells nothing is taken for gone, and how long that is kept. */
  tellEvery_ms: 5_000,
  processGone_ms: 20_000,
  activityKept_ms: 86_400_000,
  activityShown_min: 60,
  /** Orderly stop. */
  closeWithin_ms: 8_000,
  /** Where the intake consumes from an MQTT cluster. */
  cluster: {
    /** Messages that the cluster may have on their way to one session without an acknowledgement. MQTT 5.0 section 3.1.2.11.3 */
    receiveMaximum: 8_192,
    /** How long the cluster keeps what waits for a session that nobody serves: a week. */
    sessionExpiry_s: 604_800,
    /** A larger payload is no telegram: it is refused with a reason code. */
    payload_bytes: 1_048_576,
    /** The same bytes of one device within this time are one telegram, whichever copy they come to; see commit-service.ts. */
    sameTelegram_ms: 30_000,
    keepAlive_s: 30,
    connectWithin_ms: 10_000,
    reconnectFirst_ms: 500,
    reconnectMost_ms: 10_000,
    /** Leases on sessions; see cluster-session-store.ts. */
    renewEvery_ms: 1_500,
    doubtful_ms: 4_000,
    lease_ms: 8_000,
    abandoned_ms: 12_000,
    renewalsBeforeAdopting: 4,
    mostSessions: 1_000,
    /** Sessions whose receipts never share an instant; each can tell 1,000,000 / 16 a second apart. */
    clocksApart: 16,
    cachedDevices: 200_000,
  },
} as const;
