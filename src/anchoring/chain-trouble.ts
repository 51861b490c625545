// What a trouble of anchoring means for those who rely on the database's records.

const CONTRADICTIONS: readonly string[] = ['CHAIN_AHEAD', 'CHAIN_DIFFERENT'];

/** Whether the chain holds more than the database, or something else: then the database was put back, or changed. */
export function contradictsDatabase(trouble: string | null | undefined): boolean {
  return CONTRADICTIONS.includes(trouble ?? '');
}
