// Registers at the desk: who may import and end one, and who took its links and its codes, recorded with it.
import type { ImportOrder, ImportService } from '../identity/issuing/import-offers-service.ts';
import type { OfferImport } from '../identity/issuing/offer-import.ts';
import type { FilePieces } from '../identity/issuing/read-register-service.ts';
import type { Clock } from '../platform/clock.ts';
import { csvLine } from '../platform/csv-writing.ts';
import { inTransaction, type Pool, type Queryable } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type Actor, programActor, typeAllowed, typeOffered, typesOfDuty } from './actor.ts';
import type { AuditAction } from './audit-actions.ts';
import { type AuditObject, insertAudit } from './audit-store.ts';
import { walletOfferLink } from './wallet-links.ts';

export const commandLineActor = programActor('command line');

/** Records what an actor does, in the transaction of what is done. */
export function deskAudit(actor: Actor, clock: Clock) {
  return (within: Queryable, entry: { action: AuditAction } & AuditObject): Promise<void> =>
    insertAudit(within, { at: new Date(clock.now_ms()), actor, ...entry });
}

interface Delivered {
  key: string;
  expires_at: string;
  link: string;
  tx_code: string;
}

/** The two files of a delivery: neither is of use without the other. */
export const deliveryFiles = {
  links: {
    heading: ['key', 'link', 'wallet_link', 'expires_at'],
    cells: ({ key, link, expires_at }: Delivered, walletUrl: string) => [
      key,
      link,
      walletOfferLink(walletUrl, link),
      expires_at,
    ],
  },
  codes: { heading: ['key', 'code'], cells: ({ key, tx_code }: Delivered) => [key, tx_code] },
} as const satisfies Record<
  string,
  { heading: readonly string[]; cells: (one: Delivered, walletUrl: string) => string[] }
>;
export type DeliveryPart = keyof typeof deliveryFiles;

export type DeskImportService = ReturnType<typeof createDeskImportService>;

export function createDeskImportService(parts: {
  pool: Pool;
  clock: Clock;
  imports: ImportService;
  walletUrl: string;
}) {
  const { pool, clock, imports, walletUrl } = parts;

  /** @throws NOT_FOUND, NOT_ALLOWED */
  async function allowedImport(actor: Actor, id: string): Promise<OfferImport> {
    const found = await imports.importOf(id);
    typeAllowed(actor.duty, found.type);
    return found;
  }

  return {
    importOf: allowedImport,
    listImports: (actor: Actor) => imports.listImports(typesOfDuty(actor.duty).map(({ id }) => id)),

    /** @throws NOT_ALLOWED, and as ImportService does */
    async checkImport(actor: Actor, type: string, file: FilePieces) {
      typeOffered(actor.duty, type);
      return imports.checkImport(type, file);
    },

    /** @throws NOT_ALLOWED, and as ImportService does */
    async beginImport(actor: Actor, order: ImportOrder, file: FilePieces) {
      typeOffered(actor.duty, order.type);
      const audit = deskAudit(actor, clock);
      const { id, repeated } = await imports.beginImport(order, file, (within, importId) =>
        audit(within, { action: 'import_started', importId, type: order.type }),
      );
      return { ...(await imports.importOf(id)), repeated };
    },

    /** @throws NOT_FOUND, NOT_ALLOWED, CONFLICT */
    async cancelImport(actor: Actor, id: string): Promise<void> {
      const { type } = await allowedImport(actor, id);
      await inTransaction(pool, async (transaction) => {
        await imports.cancelImport(id, transaction);
        await deskAudit(actor, clock)(transaction, { action: 'import_cancelled', importId: id, type });
      });
    },

    /**
     * One of the two files of a delivery, some lines at a time; that it was taken is recorded first.
     * @throws NOT_FOUND, NOT_ALLOWED, CONFLICT where the import is not done or its offers have ended
     */
    async deliver(actor: Actor, id: string, part: DeliveryPart): Promise<AsyncIterable<string>> {
      const { type, deliverable } = await allowedImport(actor, id);
      if (!deliverable)
        throw problem('CONFLICT', 'The import is not done yet, was cancelled, or its offers have ended.');
      await deskAudit(actor, clock)(pool, { action: `${part}_downloaded`, importId: id, type });
      return deliveryLines(imports.deliveries(id), part, walletUrl);
    },
  };
}

/** A delivery file's heading and lines. */
export async function* deliveryLines(
  deliveries: AsyncIterable<Delivered[]>,
  part: DeliveryPart,
  walletUrl: string,
): AsyncGenerator<string> {
  const { heading, cells } = deliveryFiles[part];
  yield csvLine(heading);
  for await (const some of deliveries) yield some.map((one) => csvLine(cells(one, walletUrl))).join('');
}
