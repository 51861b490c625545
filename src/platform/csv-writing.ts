// A cell of a CSV file that no spreadsheet takes for a formula.

/** Quoted where it has to be. An apostrophe stands before what a spreadsheet would work out. Source: OWASP, CSV Injection. */
export function csvCell(value: string): string {
  const safe = /^[\s\p{Cf}]*[=+\-@\t\r＝＋－＠]/u.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvLine(values: readonly string[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}
