// Gives each credential a random place in one of several lists, many in one statement, and opens lists as they fill.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { type Random, randomUuid } from '../../platform/random.ts';
import { chooseDecoys, isDecoy, setFirstDecoys } from './status-decoys.ts';
import { emptyStatuses, indicesOf, statusListLimits } from './status-list.ts';
import {
  closeStatusLists,
  countPlaces,
  insertCredentials,
  insertStatusList,
  isRevokedKey,
  lockListsWithoutDecoys,
  lockStatusLists,
  type NewCredential,
  type OpenList,
  openStatusLists,
  replaceStatuses,
  type StatusEntry,
  setDecoys,
} from './status-list-store.ts';

/** What is to be recorded; `signingKey` is the id of the verification method that signs it. */
export type StatusOrder = Omit<NewCredential, 'id'>;
export type PlacedCredential = StatusEntry & { id: string };

export interface AllocateStatusOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  anchorStatuses(transaction: Transaction, list: number, statuses: Uint8Array): Promise<void>;
}

const ROUNDS = 40;

export function createAllocateStatusService({ pool, clock, random, anchorStatuses }: AllocateStatusOptions) {
  const bytes = (length: number) => random.bytes(length);
  /** Open lists that are known to be committed. One that was closed meanwhile does no harm: its places are as good. */
  let known: OpenList[] | null = null;

  /**
   * Records issues under random free places within the caller's transaction. Each has a list and an index of its own
   * choosing, so that neither says anything about when it was issued, or what was issued with it.
   *
   * @returns in the order of `orders`
   * @throws ISSUER_KEY_REVOKED
   */
  async function allocate<const Orders extends readonly StatusOrder[]>(
    transaction: Transaction,
    orders: Orders,
  ): Promise<{ [N in keyof Orders]: PlacedCredential }> {
    const records = orders.map((order) => ({
      ...order,
      id: randomUuid(random),
      signingKey: keyFragment(order.signingKey),
    }));
    const placed = new Map<string, PlacedCredential>();
    for (let first = 0; first < records.length; first += statusListLimits.batch) {
      await placeBatch(transaction, records.slice(first, first + statusListLimits.batch), placed);
    }
    return records.map(({ id }) => placed.get(id)) as { [N in keyof Orders]: PlacedCredential };
  }

  async function placeBatch(
    transaction: Transaction,
    records: readonly NewCredential[],
    placed: Map<string, PlacedCredential>,
  ): Promise<void> {
    let lists = known ?? (await openLists(transaction));
    let missing = records;
    const each = records.length > 1 ? statusListLimits.candidatesInBatch : statusListLimits.candidates;
    for (let round = 0; round < ROUNDS; round += 1) {
      const choices = bytes(missing.length);
      const wanted = missing.map((record, n) => ({
        record,
        list: lists[(choices[n] ?? 0) % lists.length] as OpenList,
      }));
      const rows = await insertCredentials(
        transaction,
        wanted.map(({ record, list }) => ({ ...record, list: list.id })),
        wanted.flatMap(({ list }) => candidates(list, each)),
        clock.now_ms(),
      );
      for (const row of rows) placed.set(row.id, row);
      missing = missing.filter(({ id }) => !placed.has(id));
      const [left] = missing;
      if (left === undefined) return;
      if (await isRevokedKey(transaction, left.signingKey)) throw problem('ISSUER_KEY_REVOKED');
      lists = await withoutFull(transaction, lists);
    }
    throw problem('NOT_READY', 'No free place was found in a status list; try again.');
  }

  function candidates({ decoys }: OpenList, count: number): number[] {
    const drawn: number[] = [];
    while (drawn.length < count) drawn.push(...indicesOf(bytes(4 * count)).filter((index) => !isDecoy(decoys, index)));
    return drawn.slice(0, count);
  }

  async function withoutFull(transaction: Transaction, lists: OpenList[]): Promise<OpenList[]> {
    const counts = await countPlaces(
      transaction,
      lists.map(({ id }) => id),
    );
    const full = counts.filter(({ taken }) => taken >= statusListLimits.fullAt * statusListLimits.entries);
    if (full.length === 0) return lists;
    known = null;
    await closeStatusLists(
      transaction,
      full.map(({ id }) => id),
    );
    return openLists(transaction);
  }

  /** As many open lists as there should be; those that are missing are made, by us or by somebody who was quicker. */
  async function openLists(transaction: Transaction): Promise<OpenList[]> {
    let lists = await openStatusLists(transaction);
    if (lists.length < statusListLimits.open) {
      await lockStatusLists(transaction);
      lists = await openStatusLists(transaction);
    }
    while (lists.length < statusListLimits.open) lists = [...lists, await openList(transaction)];
    // What this transaction opened could still be rolled back.
    if (!lists.some(({ uncommitted }) => uncommitted)) known = lists;
    return lists;
  }

  /** Its number is random: numbers that rise would tell which credential is older. */
  async function openList(transaction: Transaction): Promise<OpenList> {
    const decoys = chooseDecoys(bytes, () => false);
    const statuses = emptyStatuses();
    setFirstDecoys(statuses, decoys, bytes);
    for (;;) {
      const id = Buffer.from(bytes(6)).readUIntBE(0, 6) + 1;
      if (!(await insertStatusList(transaction, { id, statuses, decoys, createdAt_ms: clock.now_ms() }))) continue;
      await anchorStatuses(transaction, id, statuses);
      return { id, decoys, uncommitted: true };
    }
  }

  /** Gives lists of earlier versions their decoys, among the places nobody has, and anchors them in their new form. */
  async function addMissingDecoys(): Promise<void> {
    await inTransaction(pool, async (transaction) => {
      for (const { id, statuses, taken } of await lockListsWithoutDecoys(transaction)) {
        const places = new Set(taken);
        const decoys = chooseDecoys(bytes, (index) => places.has(index));
        setFirstDecoys(statuses, decoys, bytes);
        await setDecoys(transaction, id, decoys);
        await replaceStatuses(transaction, id, statuses, clock.now_ms());
        await anchorStatuses(transaction, id, statuses);
      }
    });
  }

  return { allocate, addMissingDecoys };
}

/** `p256` of `did:webvh:…#p256`. */
export function keyFragment(verificationMethod: string): string {
  return verificationMethod.slice(verificationMethod.indexOf('#') + 1);
}
