import { expect, test } from 'vitest';
import { plantedTree } from '../support/planted-tree.ts';
import { runProgram } from '../support/run-program.ts';

// The whole tree is read, on a machine that may be busy.
test('nothing in the tree is dead: no unused file, export or dependency', async () => {
  const { code, output } = await runProgram('knip', []);
  expect(output.trim()).toBe('');
  expect(code).toBe(0);
}, 120_000);

test('a planted dead file and a planted dead export are both named', async () => {
  const root = plantedTree({
    'src/platform/planted-dead-file.ts': 'export const nobodyAsks = 1;\n',
    'src/platform/clock.ts':
      'export interface Clock { now_ms(): number }\nexport const systemClock: Clock = { now_ms: () => Date.now() };\nexport const plantedDeadExport = 1;\n',
  });
  const { code, output } = await runProgram('knip', [], root);
  expect(output).toContain('src/platform/planted-dead-file.ts');
  expect(output).toContain('plantedDeadExport');
  expect(code).not.toBe(0);
}, 120_000);
