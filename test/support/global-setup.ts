// Once for a whole test run: the contracts compiled, and a migrated template that each test file copies, on a PostgreSQL
// server started for the run or, with TEST_DATABASE_URL, on one that is there.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { createLogger } from '../../src/platform/logger.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { startEmbeddedPostgres } from '../../src/platform/postgres/embedded-postgres.ts';
import { migrate } from '../../src/platform/postgres/migrate.ts';
import { onServer } from './on-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  execFileSync(process.execPath, [join(packageRoot, 'scripts', 'compile-contracts.mjs')], { stdio: 'inherit' });
  const server = await testServer();
  await onServer(server.url, 'CREATE DATABASE naru_template');
  await migrate(server.url.replace(/postgres$/, 'naru_template'));
  await keepOut(server.url);
  project.provide('postgresUrl', server.url);
  return server.stop;
}

interface TestServer {
  /** Of the database `postgres`. */
  url: string;
  stop(): Promise<void>;
}

async function testServer(): Promise<TestServer> {
  const given = process.env.TEST_DATABASE_URL;
  if (given !== undefined && given !== '') return givenServer(given);
  const directory = mkdtempSync(join(tmpdir(), 'naru-test-'));
  chmodSync(directory, 0o711);
  const server = await startEmbeddedPostgres(join(directory, 'postgres'), 0, createLogger('silent'));
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A server that others may use too: only the template of the last run and of this one is dropped on it. */
async function givenServer(url: string): Promise<TestServer> {
  if (!url.endsWith('/postgres')) {
    throw new Error('TEST_DATABASE_URL: name the database postgres; write postgres://user:password@host:5432/postgres');
  }
  const dropTemplate = () => onServer(url, 'DROP DATABASE IF EXISTS naru_template WITH (FORCE)');
  await dropTemplate();
  return { url, stop: dropTemplate };
}

/** Nobody may be in a database while it is copied, and TimescaleDB sends a worker into each that it may enter. */
async function keepOut(url: string): Promise<void> {
  await onServer(url, 'ALTER DATABASE naru_template ALLOW_CONNECTIONS false');
  await onServer(url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'naru_template'`);
}
