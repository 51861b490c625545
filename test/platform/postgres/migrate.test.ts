import { randomBytes } from 'node:crypto';
import { afterAll, expect, inject, test } from 'vitest';
import { migrate } from '../../../src/platform/postgres/migrate.ts';
import { onServer } from '../../support/on-server.ts';

const name = `test_${randomBytes(6).toString('hex')}`;

afterAll(() => onServer(inject('postgresUrl'), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));

test('copies that start together bring the schema up to date once, and none of them fails', async () => {
  await onServer(inject('postgresUrl'), `CREATE DATABASE ${name}`);
  const url = inject('postgresUrl').replace(/postgres$/, name);
  const applied = await Promise.all(Array.from({ length: 4 }, () => migrate(url)));
  expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
  expect(await migrate(url)).toEqual([]);
});
