// Brings a database to the newest schema: the numbered SQL files of migrations/, each once, in order.
import { join } from 'node:path';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { packageRoot } from '../package-root.ts';

/**
 * Applies what is missing, all in one transaction under an advisory lock, so that copies starting together do it once.
 * @returns the names of the migrations applied now
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  // A connection of our own: the runner leaves its own to end later, when whoever migrated may have moved on.
  const dbClient = new pg.Client({ connectionString: databaseUrl });
  // What breaks it fails the statement that runs; the event that comes along must not end the process.
  dbClient.on('error', () => {});
  await dbClient.connect();
  try {
    const applied = await runner({
      dbClient,
      dir: join(packageRoot, 'migrations'),
      direction: 'up',
      migrationsTable: 'schema_migration',
      singleTransaction: true,
      // A copy that comes second waits, and then finds nothing to do.
      advisoryLockMode: 'wait',
      log: () => {},
    });
    return applied.map((migration) => migration.name);
  } finally {
    await dbClient.end();
  }
}
