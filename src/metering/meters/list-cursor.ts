// The opaque mark that a page of a list ends with: two values, of which the second breaks ties.

/** @returns base64url, to be handed back as it is */
export function writeCursor(first: string | number, second: number): string {
  return Buffer.from(JSON.stringify([first, second])).toString('base64url');
}

/** @returns null where the text is not one of ours */
export function readCursor(cursor: string): { first: string | number; second: number } | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(value) || value.length !== 2) return null;
    const [first, second] = value as unknown[];
    if ((typeof first !== 'string' && !Number.isFinite(first)) || !Number.isSafeInteger(second)) return null;
    return { first: first as string | number, second: second as number };
  } catch {
    return null;
  }
}
