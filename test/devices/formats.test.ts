// What every payload format owes: it is in the list, its own examples hold, and no bytes make it throw.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findFormat, formatNames, topicLevelOf } from '../../devices/formats.ts';
import type { PayloadFormat } from '../../devices/payload-format.ts';
import { packageRoot } from '../../src/platform/package-root.ts';

function formatOf(name: string): PayloadFormat {
  const format = findFormat(name);
  if (format === undefined) throw new Error(`no format ${name}`);
  return format;
}

function isFormat(value: unknown): value is PayloadFormat {
  return typeof value === 'object' && value !== null && 'decode' in value && 'examples' in value && 'name' in value;
}

describe('the list of formats', () => {
  it('names every file of devices/ that exports a format', async () => {
    const files = readdirSync(join(packageRoot, 'devices')).filter((file) => file.endsWith('.ts'));
    const exported = await Promise.all(
      files.map((file) => import(/* @vite-ignore */ join(packageRoot, 'devices', file))),
    );
    const names = exported.flatMap((module) =>
      Object.values(module)
        .filter(isFormat)
        .map((format) => format.name),
    );
    expect(names.length).toBeGreaterThan(0);
    expect([...formatNames].sort()).toEqual([...new Set(names)].sort());
  });

  it.each(formatNames)(
    'finds %s by its name and by its topic level, which holds no wildcard [MQTT-3.3.2-2]',
    (name) => {
      expect(findFormat(name)?.name).toBe(name);
      expect(findFormat(topicLevelOf(name))?.name).toBe(name);
      expect(topicLevelOf(name)).not.toMatch(/[+#/]/);
    },
  );

  it('finds nothing for a name that is not there', () => {
    expect(findFormat('seoul')).toBeUndefined();
    expect(findFormat('__proto__')).toBeUndefined();
  });
});

const examples = formatNames.flatMap((name) => formatOf(name).examples.map((example) => ({ name, ...example })));

describe('the examples inside the files', () => {
  // `slice` of a Buffer is a view: what is changed there is changed in what will be stored, too.
  it.each(examples)('$name: $title: a Buffer is read as bytes are, and left as it was', (example) => {
    const { name, payload_hex, key_hex, f_port, received_at } = example;
    const options = {
      ...(key_hex !== undefined && { key: Buffer.from(key_hex, 'hex') }),
      ...(f_port !== undefined && { f_port }),
      ...(received_at !== undefined && { received_at_ms: Date.parse(received_at) }),
    };
    const buffer = Buffer.from(payload_hex, 'hex');
    expect(formatOf(name).decode(buffer, options)).toEqual(formatOf(name).decode(Uint8Array.from(buffer), options));
    expect(buffer.toString('hex')).toBe(payload_hex.toLowerCase());
  });

  it.each(formatNames)('%s shows a good telegram and a refused one', (name) => {
    expect(new Set(formatOf(name).examples.map((example) => example.expect.ok))).toEqual(new Set([true, false]));
  });

  it.each(examples)('$name: $title', ({ name, payload_hex, key_hex, f_port, received_at, expect: expected }) => {
    const options = {
      ...(key_hex !== undefined && { key: Buffer.from(key_hex, 'hex') }),
      ...(f_port !== undefined && { f_port }),
      ...(received_at !== undefined && { received_at_ms: Date.parse(received_at) }),
    };
    expect(formatOf(name).decode(Buffer.from(payload_hex, 'hex'), options)).toEqual(expected);
  });
});

const runs = { numRuns: 3_000 };

/** Bytes at random, and bytes of the examples with a few changed, cut or doubled: those get past the first checks. */
function hostileBytes(format: PayloadFormat): fc.Arbitrary<Uint8Array> {
  const good = format.examples.map((example) => Uint8Array.from(Buffer.from(example.payload_hex, 'hex')));
  const mutated = fc
    .record({
      base: fc.constantFrom(...good),
      changes: fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 4 }),
      length: fc.nat(320),
      tail: fc.uint8Array({ maxLength: 8 }),
    })
    .map(({ base, changes, length, tail }) => {
      const bytes = Uint8Array.from([...base.subarray(0, length), ...tail]);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      return bytes;
    });
  return fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated);
}

describe.each(formatNames)('%s, given any bytes at all', (name) => {
  const format = formatOf(name);

  it('answers with an uplink or a problem, and never throws', () => {
    fc.assert(
      fc.property(hostileBytes(format), fc.option(fc.uint8Array({ maxLength: 32 })), (bytes, key) => {
        const result = format.decode(bytes, key === null ? {} : { key });
        if (!result.ok) {
          expect(result.problem.code).toMatch(/^[A-Z][A-Z0-9_]+$/);
          expect(result.problem.detail.length).toBeGreaterThan(0);
          return;
        }
        expect(result.uplink.readings.length).toBeGreaterThan(0);
        for (const reading of result.uplink.readings) {
          expect(Number.isSafeInteger(reading.register_l) && reading.register_l >= 0).toBe(true);
          expect(reading.measured_at ?? '2026-01-01T00:00').toMatch(
            /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{3}Z|Z|[+-]\d\d:\d\d)?)?$/,
          );
        }
      }),
      runs,
    );
  }, 120_000);

  it('does not see what lies beyond the frame in the same buffer', () => {
    fc.assert(
      fc.property(hostileBytes(format), fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes, beyond) => {
        const inside = Uint8Array.from([...beyond, ...bytes, ...beyond]).subarray(16, 16 + bytes.length);
        expect(format.decode(inside, {})).toEqual(format.decode(bytes, {}));
      }),
      { numRuns: 1_000 },
    );
  });
});
