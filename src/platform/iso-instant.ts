// An instant as it is told to the outside: ISO 8601 in UTC, with milliseconds only where there are any.
export function isoInstant(at_ms: number): string {
  return new Date(at_ms).toISOString().replace('.000Z', 'Z');
}
