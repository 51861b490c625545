// Cubic metres written in decimals, as litres, digit by digit: no binary fraction comes in between.

/**
 * @param cubicMetres text or a JSON number (whose shortest decimal spelling is the one that was sent): up to 9 digits
 *   before the point and 3 behind it; zeros may follow
 * @returns whole litres; null for anything else
 */
export function litresOfCubicMetres(cubicMetres: unknown): number | null {
  if (typeof cubicMetres !== 'string' && typeof cubicMetres !== 'number') return null;
  const parts = /^(\d{1,9})(?:\.(\d{1,3})0*)?$/.exec(String(cubicMetres));
  if (parts === null) return null;
  return Number(parts[1]) * 1000 + Number((parts[2] ?? '').padEnd(3, '0'));
}
