// Once for a whole test run: the contracts compiled, and one PostgreSQL server with a migrated template that each test
// file copies.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { createLogger } from '../../src/platform/logger.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { startEmbeddedPostgres } from '../../src/platform/postgres/embedded-postgres.ts';
import { migrate } from '../../src/platform/postgres/migrate.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  execFileSync(process.execPath, [join(packageRoot, 'scripts', 'compile-contracts.mjs')], { stdio: 'inherit' });
  const directory = mkdtempSync(join(tmpdir(), 'naru-test-'));
  chmodSync(directory, 0o711);
  const server = await startEmbeddedPostgres(join(directory, 'postgres'), 0, createLogger('silent'));
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query('CREATE DATABASE naru_template');
  await client.end();
  await migrate(server.url.replace(/postgres$/, 'naru_template'));
  project.provide('postgresUrl', server.url);
  return async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
}
