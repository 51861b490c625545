// The demonstration fleet and the file that names its devices.
import { describe, expect, it } from 'vitest';
import { demoFleet } from '../../simulators/demo-fleet.ts';
import { demoDevices, demoDevicesCsv, parseDevices } from '../../simulators/device-list.ts';

describe('the demonstration fleet', () => {
  it('is the same for the same seed and another for another', () => {
    expect(demoFleet({ count: 200, seed: 1 })).toEqual(demoFleet({ count: 200, seed: 1 }));
    expect(demoFleet({ count: 200, seed: 1 })).not.toEqual(demoFleet({ count: 200, seed: 2 }));
  });

  it('has the real Seoul meter, three formats in equal parts, and no serial or device twice', () => {
    const fleet = demoFleet({ count: 200, seed: 1 });
    expect(fleet[0]).toMatchObject({ serial: '23165017', format: 'seoul-digital', bore_mm: 15, register_l: 225_151 });
    for (const format of ['seoul-digital', 'senml+json', 'wmbus']) {
      expect(fleet.filter((meter) => meter.format === format).length).toBeGreaterThanOrEqual(66);
    }
    expect(new Set(fleet.map((meter) => meter.serial)).size).toBe(200);
    expect(new Set(fleet.map((meter) => meter.device_id)).size).toBe(200);
  });

  it('does not change its first meters when it grows', () => {
    expect(demoFleet({ count: 500, seed: 1 }).slice(0, 200)).toEqual(demoFleet({ count: 200, seed: 1 }));
  });
});

describe('the file of devices', () => {
  const since_ms = Date.UTC(2026, 2, 1);
  const devices = demoDevices({ count: 20, seed: 1, since_ms, secretOf: (id) => `secret-of-${id}` });

  it('gives the same devices back', () => {
    expect(parseDevices(demoDevicesCsv(devices), { seed: 1, now_ms: 0 })).toEqual(devices);
  });

  it('takes devices that are not of the demonstration, with the four columns in any order', () => {
    const parsed = parseDevices('serial,format,secret,device_id\n77,wmbus,s,modem-1\n', { seed: 1, now_ms: since_ms });
    expect(parsed).toMatchObject([{ device_id: 'modem-1', secret: 's', serial: '77', format: 'wmbus', since_ms }]);
  });

  it.each([
    { title: 'no header', csv: 'a,b,c,d\n', message: 'line 1' },
    { title: 'a cell too few', csv: 'device_id,secret,format,serial\na,b,c\n', message: 'line 2' },
    { title: 'an empty secret', csv: 'device_id,secret,format,serial\na,,wmbus,1\n', message: 'line 2' },
    {
      title: 'a serial that is no number',
      csv: 'device_id,secret,format,serial\na,hidden,wmbus,x1\n',
      message: 'line 2',
    },
    {
      title: 'a since that is no time',
      csv: 'device_id,secret,format,serial,since\na,hidden,wmbus,1,soon\n',
      message: 'line 2',
    },
  ])('refuses $title, names the line and repeats no secret', ({ csv, message }) => {
    expect(() => parseDevices(csv, { seed: 1, now_ms: 0 })).toThrow(message);
    expect(() => parseDevices(csv, { seed: 1, now_ms: 0 })).not.toThrow('hidden');
  });
});
