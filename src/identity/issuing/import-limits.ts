// Bounds of an import of offers.

export const importLimits = {
  file_bytes: 67_108_864,
  rows: 100_000,
  /** Told of at once; a file with more is mended first. */
  faults: 200,
  /** Rows written to the database in one statement while a file is read. */
  rowsAtOnce: 1_000,
  /** After so many rows a reader lets others have the thread. */
  rowsBetweenPauses: 100,
  /** Offers made in one transaction: about ten milliseconds of the thread. */
  offersAtOnce: 200,
  /** Lines of a delivery file read at once. */
  deliveriesAtOnce: 1_000,
  key_chars: 64,
  cell_chars: 1_000,
  /** How long offers of an import live where nobody says: a letter has to arrive. */
  offerLifetime_s: 14 * 24 * 3_600,
} as const;
