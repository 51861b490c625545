// Turns a register into offers: takes the file in, works it off in small transactions, hands out links and codes, ends it.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { type Random, randomUuid } from '../../platform/random.ts';
import { credentialType } from '../credentials/credential-types.ts';
import { codeHash, preAuthorizedCode, txCodeHash } from '../secrets.ts';
import { importLimits } from './import-limits.ts';
import type { ImportRow, RowFault } from './import-row.ts';
import type { ImportSecrets } from './import-secrets.ts';
import {
  cancelImport,
  completeImport,
  countKnownKeys,
  endRows,
  findImports,
  importOfFile,
  importSalt,
  insertImport,
  insertImportRows,
  lockOpenImport,
  offeredRows,
  takeKeys,
  waitingRows,
} from './import-store.ts';
import { offerLimits, offerLink } from './offer.ts';
import type { OfferImport } from './offer-import.ts';
import { insertOffers } from './offer-store.ts';
import { type FilePieces, readRegister } from './read-register-service.ts';

export interface ImportOrder {
  /** Credential type id. */
  type: string;
  /** Of the offers; `importLimits.offerLifetime_s` where absent. */
  lifetime_s?: number;
}

/** Runs in the transaction of what it goes with. */
type Along = (transaction: Transaction, importId: string) => Promise<void>;

export interface Delivery {
  key: string;
  expires_at: string;
  /** `openid-credential-offer://…` */
  link: string;
  tx_code: string;
}

const LISTED_AT_MOST = 100;

export type ImportService = ReturnType<typeof createImportService>;

export function createImportService(parts: {
  pool: Pool;
  clock: Clock;
  random: Random;
  secrets: ImportSecrets;
  publicUrl: string;
}) {
  const { pool, clock, random, secrets, publicUrl } = parts;
  const now = () => new Date(clock.now_ms());

  /**
   * Reads a file without keeping anything of it.
   *
   * @returns how many rows it has, and for how many of them an earlier import made an offer
   * @throws IMPORT_INVALID with every fault, CREDENTIAL_TYPE_UNKNOWN
   */
  async function checkImport(typeId: string, file: FilePieces): Promise<{ rows: number; known: number }> {
    const type = credentialType(typeId);
    let known = 0;
    const some = gathered<ImportRow>(importLimits.rowsAtOnce, async (rows) => {
      known += await countKnownKeys(
        pool,
        type.id,
        rows.map(({ key }) => key),
      );
    });
    const { rows, faults } = await readRegister(type, file, clock.now_ms(), some.take);
    refuseFaults(faults);
    await some.end();
    return { rows, known };
  }

  /**
   * Takes a file in, whole or not at all; the offers are made later, by `workOff`. The same file a second time is the
   * import that it was the first time.
   *
   * @param along is done in the transaction that begins the import
   * @throws IMPORT_INVALID with every fault, CREDENTIAL_TYPE_UNKNOWN, REQUEST_INVALID (lifetime)
   */
  async function beginImport(
    order: ImportOrder,
    file: FilePieces,
    along: Along,
  ): Promise<{ id: string; repeated: boolean }> {
    const type = credentialType(order.type);
    const { lifetime_s = importLimits.offerLifetime_s } = order;
    if (!(lifetime_s >= 1 && lifetime_s <= offerLimits.longestOfferLifetime_s)) {
      throw problem('REQUEST_INVALID', `lifetime: write 1 to ${offerLimits.longestOfferLifetime_s} seconds`);
    }
    const id = randomUuid(random);
    const hash = secrets.fileHash();
    let fileHash: Buffer | null = null;
    const begun = await inTransaction(pool, async (transaction) => {
      await insertImport(transaction, {
        ...{ id, type: type.id, lifetime_s, createdAt: now() },
        // Until the file's end is there to tell its hash.
        fileHash: Buffer.from(random.bytes(32)),
        salt: random.bytes(32),
      });
      const some = gathered<ImportRow>(importLimits.rowsAtOnce, (rows) => insertImportRows(transaction, id, rows));
      const { rows, faults } = await readRegister(type, hashing(file, hash), clock.now_ms(), some.take);
      refuseFaults(faults);
      await some.end();
      fileHash = hash.digest();
      if (!(await completeImport(transaction, id, fileHash, rows))) throw new SameFile();
      await along(transaction, id);
      return { id, repeated: false };
    }).catch(async (error: unknown) => {
      if (fileHash === null || !(error instanceof SameFile || isTaken(error))) throw error;
      const before = await importOfFile(pool, type.id, fileHash);
      if (before === null) throw error;
      return { id: before, repeated: true };
    });
    return begun;
  }

  /**
   * Makes the next offers of the oldest import that waits: some rows in one transaction, so that whatever ends the process,
   * each row has been offered whole or not at all.
   *
   * @returns the import it worked on; null where nothing waits, or another process is at it
   */
  async function workOff(): Promise<string | null> {
    return inTransaction(pool, async (transaction) => {
      const open = await lockOpenImport(transaction);
      if (open === null) return null;
      const rows = await waitingRows(transaction, open.id, importLimits.offersAtOnce);
      const mine = await takeKeys(
        transaction,
        open,
        rows.map(({ key }) => key),
      );
      const offeredAt = now();
      const expiresAt = new Date(offeredAt.getTime() + open.lifetime_s * 1_000);
      const fresh = rows.filter(({ key }) => mine.has(key));
      await insertOffers(
        transaction,
        fresh.map(({ line, reference, claims }) => {
          const { handle, txCode } = secrets.ofRow(open.salt, line);
          const code = preAuthorizedCode(handle);
          return {
            ...{ id: randomUuid(random), type: open.type, claims, reference, offeredAt, expiresAt },
            ...{ importId: open.id, importLine: line, codeHash: codeHash(code), txCodeHash: txCodeHash(code, txCode) },
          };
        }),
      );
      const lines = {
        offered: fresh.map(({ line }) => line),
        known: rows.filter(({ key }) => !mine.has(key)).map(({ line }) => line),
      };
      await endRows(transaction, open.id, lines, expiresAt, offeredAt);
      return open.id;
    });
  }

  /** The links and codes of an import that is done, some at a time, in the order of the file. */
  async function* deliveries(id: string): AsyncGenerator<Delivery[]> {
    let after = 0;
    for (;;) {
      const salt = await importSalt(pool, id);
      if (salt === null) return;
      const rows = await offeredRows(pool, id, after, importLimits.deliveriesAtOnce);
      if (rows.length === 0) return;
      after = rows.at(-1)?.line ?? after;
      yield rows.map(({ line, key, expiresAt }) => {
        const { handle, txCode } = secrets.ofRow(salt, line);
        return { key, expires_at: expiresAt.toISOString(), link: offerLink(publicUrl, handle), tx_code: txCode };
      });
    }
  }

  async function importOf(id: string): Promise<OfferImport> {
    const [found] = await findImports(pool, { types: null, id, now: now(), limit: 1 });
    if (found === undefined) throw problem('NOT_FOUND', 'There is no such import.');
    return found;
  }

  return {
    checkImport,
    beginImport,
    workOff,
    deliveries,
    /** @throws NOT_FOUND */
    importOf,
    /** Of `types`, the newest first. */
    listImports: (types: readonly string[]) =>
      findImports(pool, { types, id: null, now: now(), limit: LISTED_AT_MOST }),
    /**
     * Ends an import and withdraws those of its offers that nobody took.
     * @throws CONFLICT where it was cancelled before
     */
    async cancelImport(id: string, within: Transaction): Promise<void> {
      if ((await cancelImport(within, id, now())) === null)
        throw problem('CONFLICT', 'The import was cancelled before.');
    },
  };
}

/** The file was imported before. */
class SameFile extends Error {}

function isTaken(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '23505';
}

function refuseFaults(faults: readonly RowFault[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const where = [first.line === null ? 'file' : `line ${first.line}`, ...(first.column === null ? [] : [first.column])];
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  throw problem('IMPORT_INVALID', `${where.join(', ')}: ${first.message.en}${more}`, { faults });
}

async function* hashing(file: FilePieces, hash: { update(piece: Uint8Array): unknown }): FilePieces {
  for await (const piece of file) {
    hash.update(piece);
    yield piece;
  }
}

/** Gathers single things into groups of at most `most`. */
function gathered<T>(most: number, work: (group: T[]) => Promise<void>) {
  let group: T[] = [];
  const flush = async (): Promise<void> => {
    const full = group;
    group = [];
    if (full.length > 0) await work(full);
  };
  return {
    async take(one: T): Promise<void> {
      group.push(one);
      if (group.length >= most) await flush();
    },
    end: flush,
  };
}
