// The opaque marks that pages of exports end with.

/** How far a copy of the days of use is. */
export interface CopyCursor {
  /** The zone whose days are copied; null: all. */
  zone: string | null;
  /** The first day that is copied; null: from the beginning. */
  since: string | null;
  /** All changes up to this one are known to the copy, once it has walked through what was stored before it began. */
  changed_id: number;
  /** How far it has walked, `infinity` behind an install's last day; null where it is through. */
  walked: { install_id: number; day: string } | null;
}

/** Before the first day of the first install. */
export const nothingWalked = { install_id: 0, day: '-infinity' } as const;

/** @returns base64url, to be handed back as it is */
export function writeCopyCursor({ zone, since, changed_id, walked }: CopyCursor): string {
  return written([zone, since, changed_id, walked?.install_id ?? null, walked?.day ?? null]);
}

/** @returns null where the text is not one of ours */
export function readCopyCursor(text: string): CopyCursor | null {
  const [zone, since, changed_id, install_id, day] = read(text, 5) ?? [];
  if ((typeof zone !== 'string' && zone !== null) || (since !== null && !isDay(since))) return null;
  if (!isCount(changed_id)) return null;
  if (install_id === null && day === null) return { zone, since, changed_id, walked: null };
  if (!isCount(install_id) || (!isDay(day) && day !== '-infinity' && day !== 'infinity')) return null;
  return { zone, since, changed_id, walked: { install_id, day } };
}

/** A whole number: microseconds since 1970, or an id. */
export function writeMark(mark: number): string {
  return written([mark]);
}

/** @returns null where the text is not one of ours */
export function readMark(text: string): number | null {
  const [mark] = read(text, 1) ?? [];
  return isCount(mark) ? mark : null;
}

function written(values: readonly (string | number | null)[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

function read(text: string, length: number): unknown[] | null {
  try {
    const values: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return Array.isArray(values) && values.length === length ? values : null;
  } catch {
    return null;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isDay(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
}
