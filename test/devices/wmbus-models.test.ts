// The files of meter models: each is registered once, and its own telegrams hold.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wmbus } from '../../devices/wmbus.ts';
import type { WmbusModel } from '../../devices/wmbus-model.ts';
import { modelOf, wmbusModels } from '../../devices/wmbus-models.ts';
import { packageRoot } from '../../src/platform/package-root.ts';

function isModel(value: unknown): value is WmbusModel {
  return typeof value === 'object' && value !== null && 'types' in value && 'examples' in value;
}

describe('the list of models', () => {
  it('has every model that a file of devices/ exports, once, and no meter type twice', async () => {
    const files = readdirSync(join(packageRoot, 'devices')).filter((file) => file.startsWith('wmbus-'));
    const modules = await Promise.all(
      files.map((file) => import(/* @vite-ignore */ join(packageRoot, 'devices', file))),
    );
    const exported = modules.flatMap((module) => Object.values(module).filter(isModel));
    expect(new Set(exported)).toEqual(new Set(wmbusModels));
    const types = wmbusModels.flatMap((model) => model.types.map((type) => type.join()));
    expect(new Set(types).size).toBe(types.length);
  });

  it('knows a type by maker, version and medium, and nothing by another', () => {
    const address = { manufacturer: Buffer.from('0106', 'hex'), id: new Uint8Array(4), version: 5, medium: 7 };
    expect(modelOf(address)?.name).toBe('Apator 162');
    expect(modelOf({ ...address, version: 99 })).toBeUndefined();
  });
});

const examples = wmbusModels.flatMap(({ name, examples: own }) => own.map((example) => ({ name, ...example })));

describe('the telegrams inside the models’ files', () => {
  it('are there for every model', () => {
    expect(wmbusModels.filter((model) => model.examples.length === 0)).toEqual([]);
  });

  it.each(examples)('$name: $register_l litres, $status', ({ name, payload_hex, key_hex, register_l, status }) => {
    const result = wmbus.decode(
      Buffer.from(payload_hex, 'hex'),
      key_hex === undefined ? {} : { key: Buffer.from(key_hex, 'hex') },
    );
    expect(result).toMatchObject({ ok: true, uplink: { meter_id: '12345678' } });
    if (!result.ok) return;
    expect(result.uplink.model).toContain(name);
    const current = result.uplink.readings.find((reading) => reading.kind === undefined);
    expect([current?.register_l ?? null, result.uplink.status]).toEqual([register_l, status]);
  });
});

describe('a meter that nobody has registered', () => {
  const standard = '1444aaaa7856341299077a010000000413e8030000';

  it('gives the volume of its standard records', () => {
    expect(wmbus.decode(Buffer.from(standard, 'hex'), {})).toMatchObject({
      uplink: { readings: [{ register_l: 1_000 }] },
    });
  });

  it('is refused where its payload is its maker’s own', () => {
    const own = `${standard.slice(0, 20)}a0${standard.slice(22)}`;
    expect(wmbus.decode(Buffer.from(own, 'hex'), {})).toMatchObject({
      problem: { code: 'FORMAT_MANUFACTURER_SPECIFIC' },
    });
  });
});

describe('a Qundis Q water that tells the day and not the time', () => {
  it('dates what it kept, and leaves its current register to the receipt', () => {
    const telegram =
      '47449344785634121607780dff5f350082000000000007c113ffff563412003f3c000012005c32003012000001800000800080008000800080008000800080008000802f026c4133';
    const result = wmbus.decode(Buffer.from(telegram, 'hex'), {});
    const readings = result.ok ? result.uplink.readings : [];
    expect(readings[0]).toEqual({ measured_at: null, register_l: 123_456 });
    expect(readings.slice(1).every(({ measured_at }) => measured_at?.includes('T'))).toBe(true);
    expect(readings.length).toBeGreaterThan(1);
  });
});

describe('a B METERS RFM-TX1 whose hour is none', () => {
  it('dates its register by the receipt', () => {
    const telegram =
      '4644b4097172737405077aa50006101117f78184ab0f1d1e200000005904f93103208047004a4800e73c00193e00453f003e4000e64000e74100f442000144001545005b460000';
    const result = wmbus.decode(Buffer.from(telegram, 'hex'), {});
    expect(result.ok ? result.uplink.readings[0]?.measured_at : 'refused').toBeNull();
  });
});

describe('an Apator AT-WMBUS-17-2', () => {
  it('tells its thirds of a cubic metre exactly, as wmbusmeters publishes them', () => {
    const result = wmbus.decode(Buffer.from('1c44148607a814000411a01d5400000840030000000005ff05d83d0000', 'hex'), {});
    expect(result.ok ? result.uplink.readings : []).toEqual([
      { measured_at: null, register_l: 7_177_666, exact_l: 7_177_666.667 },
    ]);
  });
});

describe('a Techem mk-radio 3a, on the telegram that wmbusmeters publishes', () => {
  const telegram =
    '36446850420656625072a20c007c3110250000293400373a002e38000e15002f37003a39003835002f24003930001d2500312500162900';
  const used = (hex: string) => {
    const result = wmbus.decode(Buffer.from(hex, 'hex'), {});
    return (result.ok ? (result.uplink.volumes ?? []) : [])
      .filter(({ of }) => of === 'other')
      .map(({ at, volume_l }) => [at, volume_l]);
  };

  it('tells each month’s use from its halves', () => {
    expect(used(telegram).slice(0, 3)).toEqual([
      ['2024-11-28', 9_300],
      ['2024-10-31', 11_300],
      ['2024-09-30', 10_200],
    ]);
    expect(used(telegram)).toHaveLength(12);
  });

  it('has one half of a month that is in its first half', () => {
    expect(used(telegram.replace('7c31', '6531')).slice(0, 2)).toEqual([
      ['2024-11-05', 4_100],
      ['2024-10-31', 5_200 + 5_500],
    ]);
  });

  it('is refused where it ends inside its register', () => {
    expect(wmbus.decode(Buffer.from('10446850420656625072a20c007c311025', 'hex'), {}).ok).toBe(false);
  });
});

describe('a Kamstrup that sends compact frames alone', () => {
  it.each([
    {
      title: 'the flowIQ 2200 of wmbusmeters’ issue 2013, whose owner published its key',
      telegram: '2e44372c268102273c168d20d911f336205641148494a24d85608d137ea921b2798dedf476584949f4f92a67e04919',
      key: 'bd9cfa2f732fd2d552c084cae5829913',
      register_l: 17_714,
      status: [],
    },
    {
      title: 'the MULTICAL 21 of wmbusmeters’ issue 635',
      telegram: '23442d2c492633771b168d28a712252320079f79327f8e8d11000700000000007f81161a',
      key: undefined,
      register_l: 7,
      status: ['DRY'],
    },
  ])('$title', ({ telegram, key, register_l, status }) => {
    const options = key === undefined ? {} : { key: Buffer.from(key, 'hex') };
    const result = wmbus.decode(Buffer.from(telegram, 'hex'), options);
    expect(result.ok && [result.uplink.readings[0]?.register_l, result.uplink.status]).toEqual([register_l, status]);
  });
});

describe('an Integra Aquastream, on the telegram that wmbusmeters publishes', () => {
  it('tells what flowed back, which it counts as its tariff 1', () => {
    const telegram =
      '4644b42557920410050e7237329305b42501075b0030252f2f04130342000084101307000000046d0d30f62b441349180000426cff2a02fd17000002fd74db152f2f2f2f2f2f2f';
    expect(wmbus.decode(Buffer.from(telegram, 'hex'), {})).toMatchObject({
      uplink: {
        readings: [{ register_l: 16_899, backward_l: 7 }, { register_l: 6_217 }],
        volumes: [{ of: 'total' }, { of: 'backward', volume_l: 7 }, { of: 'total' }],
      },
    });
  });
});
