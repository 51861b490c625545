// Lines of CSV files: for people, whose spreadsheet takes no cell for a formula, and for programs, with each cell as it is.

/** Quoted where it has to be. An apostrophe stands before what a spreadsheet would work out. Source: OWASP, CSV Injection. */
export function csvCell(value: string): string {
  const safe = /^[\s\p{Cf}]*[=+\-@\t\r＝＋－＠]/u.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** For a program that reads it again: nothing stands before any cell. */
export function exactCsvLine(values: readonly string[]): string {
  return `${values.map((value) => `"${value.replaceAll('"', '""')}"`).join(',')}\r\n`;
}

/** A number is not quoted, for no sign of it is a formula's; what is not known stands empty. */
export function csvLine(values: readonly (string | number | null)[]): string {
  const cells = values.map((value) => (typeof value === 'string' ? csvCell(value) : (value ?? '')));
  return `${cells.join(',')}\r\n`;
}
