// Reading tariff files: every fault is told with its line and what to do, and nothing that can be written breaks the reader.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { priceUse } from '../../../src/metering/billing/price-use.ts';
import { readTariff } from '../../../src/metering/billing/read-tariff.ts';
import { tariffJsonSchema } from '../../../src/metering/billing/tariff.ts';
import { linesOf } from '../../../src/metering/billing/tariff-components.ts';
import { packageRoot } from '../../../src/platform/package-root.ts';
import { Problem } from '../../../src/platform/problem.ts';
import { shippedTariff, shippedText, useOf } from '../../support/shipped-tariff.ts';

const folder = join(packageRoot, 'tariffs');
const shipped = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.replace('.yaml', ''));
const good = shippedText('gimhae-current');

/** What the reader says of a text: null where it is a tariff. Anything but a Problem goes through. */
function faultOf(text: string): string | null {
  try {
    readTariff(text, 'city.yaml');
    return null;
  } catch (error) {
    if (error instanceof Problem && error.code === 'TARIFF_INVALID') return error.detail;
    throw error;
  }
}

describe('the shipped tariffs', () => {
  it.each(shipped)('%s is read, carries its source, and is named as its file', (name) => {
    const tariff = shippedTariff(name);
    expect(tariff.id).toBe(name);
    expect(tariff.sources.every(({ url, document }) => url !== undefined || document !== undefined)).toBe(true);
    expect(linesOf(tariff.components).length).toBeGreaterThan(0);
  });

  it('are Busan, not verified, and four others that are', () => {
    const verified = shipped.map((name) => `${name} ${shippedTariff(name).verified}`);
    expect(verified).toEqual([
      'busan false',
      'changwon true',
      'gimhae-2019 true',
      'gimhae-current true',
      'okcheon true',
    ]);
  });

  it('the JSON Schema beside them is that of the reader', () => {
    expect(JSON.parse(readFileSync(join(folder, 'tariff.schema.json'), 'utf8'))).toEqual(tariffJsonSchema());
  });

  it('a tariff written as JSON is the same tariff', () => {
    const tariff = readTariff(
      JSON.stringify({
        naru_tariff: 1,
        id: 'made',
        name: { ko: '시험', en: 'Test' },
        verified: true,
        sources: [{ document: 'made', as_of: '2025-01-01' }],
        classes: { domestic: { ko: '가정용', en: 'domestic' } },
        components: [
          {
            id: 'water',
            kind: 'volume',
            name: { ko: '물', en: 'W' },
            lines: [{ id: 'w', price: '0.1234567890123456789' }],
          },
        ],
      }),
      'city.json',
    );
    const [component] = priceUse(tariff, useOf(10)).components;
    expect(String(component?.exact_won)).toBe('1.234567890123456789');
  });
});

describe('docs/tariffs.md', () => {
  const page = readFileSync(join(packageRoot, 'docs', 'tariffs.md'), 'utf8');
  const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');
  const whole = blocks.find((block) => block.startsWith('naru_tariff')) ?? '';

  it('shows a tariff that is read, and its example of two households', () => {
    const tariff = readTariff(whole, 'tariffs.md');
    const [water] = priceUse(tariff, useOf(65, { households: 2 })).components;
    expect(water?.rows.map(({ volume_m3, unit_price_won }) => `${volume_m3} at ${unit_price_won}`)).toEqual([
      '40 at 650',
      '20 at 810',
      '5 at 1030',
    ]);
  });

  it('shows indices, a mix and a reduction that fit into it', () => {
    const part = (begin: string) => blocks.find((block) => block.startsWith(begin)) ?? '';
    const indices = part('indices').split('# …')[0] ?? '';
    const sewer = '  - { id: sewer, kind: volume, name: { ko: 하수도, en: Sewer }, lines: [{ id: s, price: 1 }] }\n';
    const reduction = part('- id: welfare').replaceAll(/^/gm, '  ').trimEnd();
    const counts = part('counts').split('# …')[0] ?? '';
    const tariff = readTariff(`${indices}${counts}${part('mixes')}${whole}${sewer}${reduction}\n`, 'tariffs.md');
    expect(Object.keys(tariff.indices)).toEqual(['levy_coefficient', 'bod']);
    expect(Object.keys(tariff.counts)).toEqual(['persons']);
    expect(tariff.components.map(({ kind }) => kind)).toEqual(['volume', 'fixed', 'volume', 'reduction']);
  });
});

describe('a wrong file', () => {
  const replaced = (from: string, to: string) => {
    expect(good).toContain(from);
    return good.replace(from, to);
  };

  it.each([
    {
      from: 'up_to_m3: 100, price: 2160',
      to: 'up_to_m3: 100, prise: 2160',
      said: /city\.yaml:33:37 components\[0\]\.lines\[1\]\.tiers\[1\]\.prise: there is no such key/,
    },
    {
      from: 'up_to_m3: 100, price: 2160',
      to: 'up_to_m3: 100',
      said: /:33:13 components\[0\]\.lines\[1\]\.tiers\[1\]\.price: is missing/,
    },
    {
      from: 'up_to_m3: 100, price: 2160',
      to: 'up_to_m3: 50, price: 2160',
      said: /tiers\[1\]\.up_to_m3: 50 does not come after 50/,
    },
    { from: 'up_to_m3: 50, price: 1520', to: 'price: 1520', said: /tiers\[0\]: only the last may be without up_to_m3/ },
    { from: 'price: 850', to: 'price: -850', said: /lines\[0\]\.price: must not be below 0/ },
    { from: 'price: 850', to: 'price: 8e2x', said: /lines\[0\]\.price: write a number such as 170/ },
    { from: 'price: 850', to: 'price: 0.12345678901234567', said: /in quotes where it has more than 15 digits/ },
    { from: 'price: 850', to: 'price: .inf', said: /lines\[0\]\.price: write a number/ },
    { from: 'price: 850', to: 'price: 850, free: true', said: /lines\[0\]: a line has just one of price, tiers, free/ },
    { from: 'kind: fixed', to: 'kind: fix', said: /components\[2\]\.kind: kind is one of volume, fixed, percent/ },
    {
      from: 'classes: [domestic], price: 850',
      to: 'classes: [domestik], price: 850',
      said: /there is no class 'domestik'; classes are domestic, general/,
    },
    { from: 'id: sewer-domestic', to: 'id: water-domestic', said: /'water-domestic' is there already/ },
    { from: 'id: sewer\n', to: 'id: water\n', said: /components\[1\]\.id: 'water' is there already/ },
    {
      from: 'classes: [domestic], price: 850',
      to: 'price: 850',
      said: /'water-general' and 'water-domestic' are both for some class, bore and day/,
    },
    {
      from: 'main: general, with: domestic',
      to: 'main: general, with: general',
      said: /a mix is of two different classes/,
    },
    {
      from: 'm3_per_household: 15',
      to: 'm3_per_household: 15, by_units: true',
      said: /just one of m3_per_household, percent, by_units/,
    },
    { from: 'as_of: 2026-11-26', to: 'as_of: 2026-11-31', said: /sources\[0\]\.as_of: write a date of the calendar/ },
    { from: 'verified: true\n', to: '', said: /verified: is missing/ },
    { from: 'verified: true', to: 'verified: yes', said: /verified: write true or false/ },
    {
      from: 'kind: fixed',
      to: 'round: 10\n    kind: fixed',
      said: /components\[2\]\.round: write a list of steps: \[\{ to: 10/,
    },
    {
      from: 'domestic: { ko: 가정용, en: domestic }',
      to: 'domestic: 가정용',
      said: /classes\.domestic: write it in both languages: \{ ko/,
    },
    { from: 'price: 1520', to: 'price: 1,520', said: /tiers\[0\]\.520: a comma ends a number; write 1270, not 1,270/ },
    { from: 'classes: [domestic], price: 850', to: 'classes: domestic, price: 850', said: /classes: write a list/ },
    {
      from: 'id: bore-charge, by_bore',
      to: 'id: bore-charge, per: [persons], by_bore',
      said: /per\[0\]: there is no 'persons' to go by; there are months, households, days, and what counts names/,
    },
    {
      from: 'verified: true',
      to: 'counts: { days: { name: { ko: 날, en: days } } }\nverified: true',
      said: /counts\.days: every tariff has days already/,
    },
    { from: 'naru_tariff: 1', to: 'naru_tariff: 2', said: /naru_tariff: write naru_tariff: 1/ },
    {
      from: '13: 1100',
      to: 'thirteen: 1100',
      said: /by_bore\.thirteen: the name before the colon: write the bore in mm/,
    },
    {
      from: 'id: levy-rate, price: 170',
      to: 'id: levy-rate, price: 170, price_steps: [{ times_index: bod }]',
      said: /there is no index 'bod'; add it to indices/,
    },
    {
      from: 'id: levy-rate, price: 170',
      to: 'id: levy-rate, price: 170, price_steps: [{ times: 2, plus: 1 }]',
      said: /a step is just one of/,
    },
    {
      from: 'id: levy-rate, price: 170',
      to: 'id: levy-rate, price: 170, use_from: 2025-01-02, use_until: 2025-01-01',
      said: /use_until: is not after use_from/,
    },
    { from: 'classes:\n', to: 'classes: [\n', said: /^city\.yaml:\d+:\d+ .*; mend the YAML there$/ },
    {
      from: 'verified: true',
      to: 'verified: true\nverified: false',
      said: /city\.yaml:\d+:\d+ Map keys must be unique/,
    },
    { from: 'verified: true', to: 'verified: !!python/object true', said: /mend the YAML there/ },
    { from: 'verified: true', to: '<<: *nothing\nverified: true', said: /alias|no such key/i },
  ])('is told: $said', ({ from, to, said }) => {
    expect(faultOf(replaced(from, to))).toMatch(said);
  });

  const made = (components: string) =>
    `${good.slice(0, good.indexOf('components:'))}components:\n  - { id: water, kind: volume, name: { ko: 물, en: W }, lines: [{ id: w, price: 1 }] }\n${components}`;
  const reduction = (id: string, of: string, more = '') =>
    `  - { id: ${id}, kind: reduction, name: { ko: 감면, en: R }, predicate: p, of: [${of}], ${more} lines: [{ id: ${id}-l, m3: 5 }] }\n`;

  it.each([
    { components: reduction('a', 'sewer'), said: /of\[0\]: there is no component 'sewer' above this one/ },
    { components: reduction('a', 'water, water'), said: /of\[1\]: 'water' is there already/ },
    { components: reduction('a', 'water') + reduction('b', 'a'), said: /a reduction can't be of the reduction 'a'/ },
    {
      components:
        `${reduction('a', 'water', 'group: g,')}  - { id: f, kind: fixed, name: { ko: 1, en: F }, lines: [{ id: f-l, amount: 1 }] }\n${reduction('b', 'water', 'group: g,')}`.replace(
          'ko: 1',
          'ko: 정액',
        ),
      said: /the members of 'g' must stand one after the other/,
    },
    {
      components:
        '  - { id: r, kind: rounding, name: { ko: 단수, en: R }, of: [water], round: [{ to: 0.1, mode: down }] }\n',
      said: /round\[0\]\.to: the last step must end at whole won/,
    },
    {
      components: `  - { id: f, kind: fixed, name: { ko: 정액, en: F }, lines: [{ id: f-l, amount: 1 }] }\n${reduction('a', 'f')}`,
      said: /'f' has no volume that m3 could be of/,
    },
  ])('is told of components: $said', ({ components, said }) => {
    expect(faultOf(made(''))).toBeNull();
    expect(faultOf(made(components))).toMatch(said);
  });

  it('with many faults is told the first ten, and how many more', () => {
    const detail = faultOf(`${good}\n${Array.from({ length: 14 }, (_, at) => `wrong${at}: 1`).join('\n')}`) ?? '';
    expect(detail.split('\n').length).toBe(11);
    expect(detail).toMatch(/and 4 more$/);
  });

  it('that is too long, or unfolds without end, is refused', () => {
    expect(faultOf(`# ${'x'.repeat(1_100_000)}`)).toMatch(/longer than 1048576/);
    const bomb = Array.from(
      { length: 20 },
      (_, at) => `a${at}: &a${at} [${at === 0 ? '1' : `*a${at - 1}, *a${at - 1}, *a${at - 1}`}]`,
    );
    expect(faultOf(bomb.join('\n'))).toMatch(/aliases/);
  });
});

describe('anything that can be written', () => {
  it('is a tariff or a problem, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json()), (text) => {
        expect(typeof (faultOf(text) ?? '')).toBe('string');
      }),
      { numRuns: 150 },
    );
  });

  it('is a tariff or a problem, whatever is cut out of, put into or doubled in a good one', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '- ',
      '\n',
      '0',
      '-1',
      '&a ',
      '*a',
      '!x ',
      '"',
      "'",
      '\t',
      '__proto__: 1',
      'null',
      '~',
      '|',
    );
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(80), piece, fc.boolean(), (at, length, put, doubled) => {
        const text = good.slice(0, at) + put + good.slice(doubled ? Math.max(0, at - length) : at + length);
        expect(typeof (faultOf(text) ?? '')).toBe('string');
      }),
      { numRuns: 120 },
    );
  });

  it('is a tariff or a problem, whatever value stands in any place', () => {
    const plain = JSON.parse(
      JSON.stringify({
        naru_tariff: 1,
        id: 'made',
        name: { ko: '시험', en: 'Test' },
        verified: true,
        sources: [{ document: 'made', as_of: '2025-01-01' }],
        classes: { domestic: { ko: '가정용', en: 'domestic' } },
        indices: {
          bod: {
            name: { ko: '비', en: 'B' },
            month_of: 'use',
            holds: true,
            values: { '2025-01': 1 },
            bands: [{ value: 1 }],
          },
        },
        mixes: [],
        components: [
          {
            id: 'water',
            kind: 'volume',
            name: { ko: '물', en: 'W' },
            lines: [{ id: 'w', tiers: [{ price: 1, price_steps: [{ times: 2 }] }] }],
          },
          { id: 'bore', kind: 'fixed', name: { ko: '물', en: 'W' }, lines: [{ id: 'b', by_bore: { '13': 5 } }] },
          {
            id: 'less',
            kind: 'reduction',
            predicate: 'p',
            of: ['water'],
            name: { ko: '물', en: 'W' },
            lines: [{ id: 'l', percent: 5 }],
          },
        ],
      }),
    ) as Record<string, unknown>;
    const places: { parent: Record<string, unknown>; key: string }[] = [];
    const walk = (value: unknown) => {
      if (typeof value !== 'object' || value === null) return;
      for (const key of Object.keys(value)) {
        places.push({ parent: value as Record<string, unknown>, key });
        walk((value as Record<string, unknown>)[key]);
      }
    };
    walk(plain);
    expect(faultOf(JSON.stringify(plain))).toBeNull();
    fc.assert(
      fc.property(fc.nat(places.length - 1), fc.jsonValue({ maxDepth: 2 }), (at, value) => {
        const place = places[at];
        if (place === undefined) throw new Error('no such place');
        const before = place.parent[place.key];
        place.parent[place.key] = value;
        try {
          expect(typeof (faultOf(JSON.stringify(plain)) ?? '')).toBe('string');
        } finally {
          place.parent[place.key] = before;
        }
      }),
      { numRuns: 200 },
    );
  });
});
