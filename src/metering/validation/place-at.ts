// What held of a place at an instant, of all that was recorded.
interface Version {
  from_ms: number;
  zone_id: string;
  usage_class: string;
  purpose: 'billed' | 'unbilled' | 'inlet';
}

/**
 * @param versions of one place, the newest first
 * @returns what held at the instant, or, before anything was recorded, what was recorded first; null where nothing ever was
 */
export function placeAt<V extends Version>(versions: readonly V[], at_ms: number): V | null {
  return versions.find(({ from_ms }) => from_ms <= at_ms) ?? versions.at(-1) ?? null;
}
