import { describe, expect, test } from 'vitest';
import { plantedTree } from '../support/planted-tree.ts';
import { runProgram } from '../support/run-program.ts';

const folders = ['src', 'devices', 'simulators', 'web', 'test', 'bench'];

describe('the rooms and floors of ARCHITECTURE.md', () => {
  test('hold in the whole tree, and the check does read it', async () => {
    const { code, output } = await runProgram('depcruise', folders);
    expect(output).toMatch(/no dependency violations found/);
    const modules = Number(/\((\d+) modules/.exec(output)?.[1]);
    expect(modules).toBeGreaterThan(100);
    expect(code).toBe(0);
    // The whole tree is read, on a machine that may be busy.
  }, 120_000);

  test.each([
    ['identity-and-metering-are-strangers', 'src/identity/planted.ts', 'src/metering/planted.ts'],
    ['metering-and-identity-are-strangers', 'src/metering/planted.ts', 'src/identity/planted.ts'],
    ['platform-knows-no-room', 'src/platform/planted.ts', 'src/anchoring/planted.ts'],
    ['anchoring-knows-no-room-above', 'src/anchoring/planted.ts', 'src/identity/planted.ts'],
    ['rooms-below-the-portal', 'src/metering/planted.ts', 'src/portal/planted.ts'],
    ['nobody-imports-the-composer', 'src/portal/planted-service.ts', 'src/compose.ts'],
    ['config-is-read-at-the-top', 'src/portal/planted-service.ts', 'src/config.ts'],
    ['pure-files-do-no-io', 'src/metering/planted.ts', 'src/platform/postgres/database.ts'],
    ['stores-look-down', 'src/metering/planted-store.ts', 'src/metering/planted-service.ts'],
    ['services-look-down', 'src/metering/planted-service.ts', 'src/metering/planted-routes.ts'],
    ['routes-hold-no-sql', 'src/portal/planted-routes.ts', 'src/portal/planted-store.ts'],
    ['devices-are-pure', 'devices/planted.ts', 'src/metering/planted.ts'],
    ['web-takes-pure-files-only', 'web/portal/planted.ts', 'src/portal/planted-service.ts'],
    ['product-without-tests', 'src/portal/planted-service.ts', 'test/planted.ts'],
  ])('%s: a planted import is refused', async (rule, from, to) => {
    const target = `./${'../'.repeat(from.split('/').length - 1)}${to}`.replace('./../', '../');
    const root = plantedTree({
      ...(/planted/.test(to) && { [to]: 'export const planted = 1;\n' }),
      [from]: `import * as planted from '${target}';\nexport const used = planted;\n`,
    });
    const { code, output } = await runProgram('depcruise', [from], root);
    expect(output).toContain(`error ${rule}: ${from} → ${to}`);
    expect(code).not.toBe(0);
  });
});
