// Reads a list of the registry in, in parts, each whole or not at all; begun again, it goes on where it stopped.
import { createHash } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import { type CsvProblem, firstProblem } from '../../platform/csv-list.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { enterExceptions } from '../billing/exception-store.ts';
import type { ExceptionKind } from '../billing/place-exceptions.ts';
import { endOfTime_ms, markTouched } from '../readings/touched-store.ts';
import { listFault } from './list-faults.ts';
import { type RegistryList, type RegistryRow, readRegistryList, registryLimits } from './registry-list.ts';
import {
  holdRegistryImport,
  noteRowsRead,
  putInlets,
  putInstalls,
  putParents,
  putPlaces,
  putZones,
  type RowFault,
  rowsRead,
  unknownPlaces,
} from './registry-store.ts';

export interface ImportedList {
  /** Rows of the list, those of earlier tries with it too. */
  rows: number;
  /** Of them, those that an earlier try had read in. */
  before: number;
}

/**
 * @param options.dryRun reads everything in and takes it back: what contradicts the store is found too
 * @param options.onProgress after each part that is stored
 * @param options.actor the hash of the staff session; nothing from the command line
 * @throws REGISTRY_LIST_INVALID with each problem by line and column. Where the form is wrong nothing is read in; where a
 *   row contradicts the store, the parts before its own are
 */
export async function importRegistry(
  { pool, clock }: { pool: Pool; clock: Clock },
  list: RegistryList,
  file: string,
  options: { dryRun: boolean; actor?: Buffer | null; onProgress?: (done: number, all: number) => void },
): Promise<ImportedList> {
  const { rows, problems } = readRegistryList(list, file);
  refuse(problems);
  const fileSha256 = createHash('sha256').update(list).update('\0').update(file).digest();
  const before = options.dryRun ? 0 : await rowsRead(pool, list, fileSha256);
  const parts = partsOf(list, rows.slice(before));
  const { actor = null } = options;
  const put = (transaction: Transaction, part: RegistryRow[]) =>
    putPart(transaction, list, part, { now_ms: clock.now_ms(), actor });
  if (options.dryRun) {
    await inTransaction(pool, async (transaction) => {
      for (const part of parts) refuseRows(await put(transaction, part));
      throw new TakenBack();
    }).catch((error: unknown) => {
      if (!(error instanceof TakenBack)) throw error;
    });
    return { rows: rows.length, before };
  }
  let done = before;
  for (const part of parts) {
    await inTransaction(pool, async (transaction) => {
      refuseRows(await put(transaction, part));
      await noteRowsRead(transaction, {
        ...{ list, fileSha256, all: rows.length, now_ms: clock.now_ms() },
        done: done + part.length,
      });
    });
    done += part.length;
    options.onProgress?.(done, rows.length);
  }
  return { rows: rows.length, before };
}

class TakenBack extends Error {}

function refuse(problems: readonly CsvProblem[]): void {
  if (problems.length > 0) throw problem('REGISTRY_LIST_INVALID', firstProblem(problems), { problems });
}

function refuseRows(faults: readonly RowFault[]): void {
  refuse(faults.map(({ line, column, code }) => ({ line, column, ...listFault(code) })));
}

/** Zones may name parents that stand below them: their list is one part. There are few of them. */
function partsOf(list: RegistryList, rows: readonly RegistryRow[]): RegistryRow[][] {
  const size = list === 'zones' ? Math.max(rows.length, 1) : registryLimits.rowsAtOnce;
  const parts: RegistryRow[][] = [];
  for (let at = 0; at < rows.length; at += size) parts.push(rows.slice(at, at + size));
  return parts;
}

async function putPart(
  transaction: Transaction,
  list: RegistryList,
  rows: RegistryRow[],
  by: { now_ms: number; actor: Buffer | null },
): Promise<RowFault[]> {
  await holdRegistryImport(transaction);
  if (list === 'zones') {
    await putZones(transaction, rows);
    return putParents(transaction, rows);
  }
  if (list === 'places') return putPlaces(transaction, rows, by.now_ms);
  if (list === 'inlets') return putInlets(transaction, rows);
  if (list === 'exceptions') {
    const unknown = await unknownPlaces(transaction, JSON.stringify(rows));
    if (unknown.length === 0) await enterExceptions(transaction, rows.map(givenException), by);
    return unknown;
  }
  const { faults, moved } = await putInstalls(transaction, rows);
  // Readings may be there already: from the change on they are another place's.
  await markTouched(
    transaction,
    moved.map(({ meterId, from_ms }) => ({ meterId, from_ms, to_ms: endOfTime_ms })),
  );
  return faults;
}

function givenException({ service_point, kind, name, from_day, value, reason }: RegistryRow) {
  return {
    ...{
      service_point: String(service_point),
      kind: kind as ExceptionKind,
      name: String(name),
      from: String(from_day),
    },
    ...{ value: value === '-' ? null : String(value), reason: reason === undefined ? null : String(reason) },
  };
}
