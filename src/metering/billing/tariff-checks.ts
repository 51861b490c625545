// What a tariff must also be, beyond its form: names that lead somewhere, tiers that go up, never two lines for one case.
import type { Exact } from './exact.ts';
import type { Tariff } from './tariff.ts';
import type { TariffComponent, TariffLine, Tier } from './tariff-components.ts';
import { ownScales } from './tariff-names.ts';
import type { PriceStep } from './tariff-values.ts';

export interface TariffFault {
  path: (string | number)[];
  message: string;
}

/** All faults, in the order of the file. */
export function faultsOf(tariff: Tariff): TariffFault[] {
  const faults = [...mixFaults(tariff), ...indexFaults(tariff), ...countFaults(tariff)];
  const lineIds = new Set<string>();
  const above = new Map<string, TariffComponent>();
  for (const [at, component] of tariff.components.entries()) {
    const path = ['components', at];
    if (above.has(component.id)) faults.push({ path: [...path, 'id'], message: `'${component.id}' is there already` });
    faults.push(...wholeWon(component.round, [...path, 'round']), ...scopeFaults(component, above, path));
    if (component.kind !== 'rounding') {
      for (const [index, line] of component.lines.entries()) {
        const linePath = [...path, 'lines', index];
        if (lineIds.has(line.id)) faults.push({ path: [...linePath, 'id'], message: `'${line.id}' is there already` });
        lineIds.add(line.id);
        faults.push(...lineFaults(tariff, line, linePath));
      }
      faults.push(...overlaps(component.lines, path));
    }
    faults.push(...groupFaults(tariff, at, path));
    above.set(component.id, component);
  }
  faults.push(...wholeWon(tariff.total.round, ['total', 'round']));
  return faults;
}

function mixFaults(tariff: Tariff): TariffFault[] {
  const faults: TariffFault[] = [];
  const seen = new Set<string>();
  for (const [at, mix] of tariff.mixes.entries()) {
    for (const key of ['main', 'with'] as const) {
      if (!Object.hasOwn(tariff.classes, mix[key]))
        faults.push({ path: ['mixes', at, key], message: noClass(tariff, mix[key]) });
    }
    if (mix.main === mix.with) faults.push({ path: ['mixes', at], message: 'a mix is of two different classes' });
    if (seen.has(`${mix.main} ${mix.with}`)) faults.push({ path: ['mixes', at], message: 'this mix is there already' });
    seen.add(`${mix.main} ${mix.with}`);
  }
  return faults;
}

function indexFaults(tariff: Tariff): TariffFault[] {
  return Object.entries(tariff.indices).flatMap(([name, { bands }]) =>
    bands === undefined ? [] : ascending(bands, 'up_to', ['indices', name, 'bands']),
  );
}

function lineFaults(tariff: Tariff, line: TariffLine, path: (string | number)[]): TariffFault[] {
  const faults: TariffFault[] = [];
  for (const [at, name] of (line.classes ?? []).entries()) {
    if (!Object.hasOwn(tariff.classes, name))
      faults.push({ path: [...path, 'classes', at], message: noClass(tariff, name) });
  }
  for (const [from, until] of [
    ['use_from', 'use_until'],
    ['billed_from', 'billed_until'],
  ] as const) {
    const [first, end] = [line[from], line[until]];
    if (first !== undefined && end !== undefined && end <= first) {
      faults.push({
        path: [...path, until],
        message: `is not after ${from}; it is the first day that no longer counts`,
      });
    }
  }
  if ('scale' in line) faults.push(...scaleFaults(tariff, line.scale, [...path, 'scale']));
  if ('per' in line) faults.push(...scaleFaults(tariff, line.per, [...path, 'per']));
  if ('price_steps' in line) faults.push(...stepFaults(tariff, line.price_steps, [...path, 'price_steps']));
  if ('tiers' in line && line.tiers !== undefined) {
    faults.push(...ascending(line.tiers, 'up_to_m3', [...path, 'tiers']));
    for (const [at, tier] of (line.tiers as Tier[]).entries()) {
      faults.push(...stepFaults(tariff, tier.price_steps, [...path, 'tiers', at, 'price_steps']));
    }
  }
  return faults;
}

function stepFaults(tariff: Tariff, steps: readonly PriceStep[] | undefined, path: (string | number)[]): TariffFault[] {
  return (steps ?? []).flatMap(({ times_index: name }, at) =>
    name === undefined || Object.hasOwn(tariff.indices, name)
      ? []
      : [{ path: [...path, at, 'times_index'], message: `there is no index '${name}'; add it to indices` }],
  );
}

function scaleFaults(tariff: Tariff, scale: readonly string[], path: (string | number)[]): TariffFault[] {
  const known = [...ownScales, ...Object.keys(tariff.counts)];
  return scale.flatMap((by, at) => {
    if (!known.includes(by)) {
      const message = `there is no '${by}' to go by; there are ${known.join(', ')}, and what counts names`;
      return [{ path: [...path, at], message }];
    }
    return scale.indexOf(by) < at ? [{ path: [...path, at], message: `'${by}' is there already` }] : [];
  });
}

function countFaults(tariff: Tariff): TariffFault[] {
  return Object.keys(tariff.counts).flatMap((name) =>
    ownScales.some((own) => own === name)
      ? [{ path: ['counts', name], message: `every tariff has ${name} already; choose another name` }]
      : [],
  );
}

/** Bounds must go up, and only the last may be open. */
function ascending<Key extends string>(
  rows: readonly { [key in Key]?: Exact | undefined }[],
  key: Key,
  path: (string | number)[],
): TariffFault[] {
  const faults: TariffFault[] = [];
  let before: Exact | undefined;
  for (const [at, row] of rows.entries()) {
    const bound = row[key] as Exact | undefined;
    if (bound === undefined) {
      if (at < rows.length - 1) faults.push({ path: [...path, at], message: `only the last may be without ${key}` });
    } else if (before !== undefined && bound.compare(before) <= 0) {
      faults.push({ path: [...path, at, key], message: `${bound} does not come after ${before}` });
    }
    before = bound ?? before;
  }
  return faults;
}

function scopeFaults(
  component: TariffComponent,
  above: ReadonlyMap<string, TariffComponent>,
  path: (string | number)[],
): TariffFault[] {
  if (!('of' in component)) return [];
  const reduction = component.kind === 'reduction';
  const byVolume = reduction && component.lines.some(({ m3 }) => m3 !== undefined);
  const faults: TariffFault[] = [];
  const seen = new Set<string>();
  for (const [at, name] of component.of.entries()) {
    const found = above.get(name);
    const place = [...path, 'of', at];
    if (seen.has(name)) faults.push({ path: place, message: `'${name}' is there already` });
    seen.add(name);
    if (found === undefined) {
      faults.push({ path: place, message: `there is no component '${name}' above this one` });
    } else if (reduction && found.kind === 'reduction') {
      faults.push({ path: place, message: `a reduction can't be of the reduction '${name}'; see on: remainder` });
    } else if (byVolume && found.kind !== 'volume') {
      faults.push({ path: place, message: `'${name}' has no volume that m3 could be of` });
    }
  }
  return faults;
}

/** A group is worked out at once: its members stand one after the other and look at nothing in between. */
function groupFaults({ components }: Tariff, at: number, path: (string | number)[]): TariffFault[] {
  const group = groupOf(components[at]);
  if (group === undefined || groupOf(components[at - 1]) === group) return [];
  const earlier = components.slice(0, at).some((component) => groupOf(component) === group);
  return earlier
    ? [{ path: [...path, 'group'], message: `the members of '${group}' must stand one after the other` }]
    : [];
}

function groupOf(component: TariffComponent | undefined): string | undefined {
  return component?.kind === 'reduction' ? component.group : undefined;
}

function overlaps(lines: readonly TariffLine[], path: (string | number)[]): TariffFault[] {
  const faults: TariffFault[] = [];
  for (const [at, line] of lines.entries()) {
    const other = lines.slice(0, at).find((earlier) => overlap(earlier, line));
    if (other === undefined) continue;
    const message = `'${line.id}' and '${other.id}' are both for some class, bore and day; give one of them an end`;
    faults.push({ path: [...path, 'lines', at], message });
  }
  return faults;
}

function overlap(one: TariffLine, other: TariffLine): boolean {
  return (
    meet(one.classes, other.classes) &&
    meet(one.bores_mm, other.bores_mm) &&
    (one.use_from ?? '') < (other.use_until ?? '9') &&
    (other.use_from ?? '') < (one.use_until ?? '9') &&
    (one.billed_from ?? '') < (other.billed_until ?? '9') &&
    (other.billed_from ?? '') < (one.billed_until ?? '9')
  );
}

function meet<Value>(one: readonly Value[] | undefined, other: readonly Value[] | undefined): boolean {
  return one === undefined || other === undefined || one.some((value) => other.includes(value));
}

function wholeWon(steps: readonly { to: Exact }[], path: (string | number)[]): TariffFault[] {
  const last = steps.at(-1);
  if (last === undefined || last.to.isWhole()) return [];
  return [{ path: [...path, steps.length - 1, 'to'], message: 'the last step must end at whole won' }];
}

function noClass(tariff: Tariff, name: string): string {
  return `there is no class '${name}'; classes are ${Object.keys(tariff.classes).join(', ')}`;
}
