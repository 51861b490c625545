// Every bound of anchoring in one place.

export const anchoringLimits = {
  /** Changes that one epoch takes at most; more wait for the next. */
  epochChanges: 100_000,
  /**
   * Epochs made but not yet in a block, at most. While the chain takes none, changes wait in the outbox, where those of
   * one key fall together, instead of piling up in epochs that would each cost a transaction.
   */
  epochsAhead: 3,
  /** Rows of the log written in one statement. */
  changesPerInsert: 1_000,
  /** Entries of the map read in one look, at the start. */
  entriesPerPage: 5_000,
  /** How often the worker looks for something to do. */
  poll_ms: 500,
  /** Of the rounds in which all is final and nothing waits, one in so many looks at the chain. */
  idleRounds: 20,
  /** Rows of the public log in one answer. */
  changesPerPage: 1_000,
  /** Epochs, and rows of changes, that one look into the database takes for the whole log. */
  logPage: { epochs: 200, changes: 5_000 },
  /** Whole logs being read at one time. */
  logReaders: 32,
  /** Gas allowed for a commit above what the node estimates, in percent. */
  gasMargin_percent: 20,
  /** How long a start waits for the contract to be deployed and the registry opened: three blocks, and some patience. */
  prepareWithin_ms: 180_000,
  preparePoll_ms: 100,
  /** At the very first start, so many times in a row no node may answer: one that is just starting is asked again. */
  awayInARow: 5,
  /** Of several transactions under one nonce, so many are looked up. */
  receiptsAsked: 20,
  /** One round in so many asks all nodes for their newest block, and for the balance. */
  surveyRounds: 20,
  /** The worker's state is written where it changed, and in one round of so many. */
  stateRounds: 20,
  /** A state older than this says that no worker is at work. */
  stateFresh_ms: 120_000,
  /** Epochs in the console's list. */
  epochsShown: 20,
} as const;
