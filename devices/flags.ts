// The alarm flags a meter can raise, under one name each, whatever its telegram calls them.

/** In the order in which a person wants to read them: what costs water or breaks things first. */
export const flagNames = [
  'burst',
  'leak',
  'backflow',
  'tamper',
  'magnet',
  'freeze',
  'overload',
  'dry',
  'blocked',
  'temperature_high',
  'no_use',
  'battery_low',
  'error',
  'permanent_error',
  'temporary_error',
] as const;

export type Flag = (typeof flagNames)[number];

/** The flags that are there, each once, in the list's order; names that are not in the list are dropped. */
export function orderedFlags(raised: Iterable<string>): Flag[] {
  const set = new Set(raised);
  return flagNames.filter((name) => set.has(name));
}

export function isFlag(name: string): name is Flag {
  return (flagNames as readonly string[]).includes(name);
}
