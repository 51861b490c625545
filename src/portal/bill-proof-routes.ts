// The proof of a citizen's own bill: what their browser checks it by, and what they can keep.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../platform/http/http-server.ts';

export interface BillProofRoutesOptions<Session> {
  /** Throws NOT_FOUND for another's bill, and records that it was asked for. */
  ownBill(session: Session, billId: number): Promise<unknown>;
  /** @throws PROOF_PENDING, PROOF_ERASED */
  proveBill(billId: number): Promise<object>;
  citizenOf(request: FastifyRequest): Promise<Session>;
}

export function billProofRoutes<Session>({ ownBill, proveBill, citizenOf }: BillProofRoutesOptions<Session>): Routes {
  return async (app) => {
    app.get(
      '/api/portal/bills/:bill_id/proof',
      {
        schema: {
          tags: ['portal'],
          summary: 'What proves a bill of mine without this service; docs/bill-proof.md describes it',
          params: z.object({ bill_id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
        },
      },
      async (request) => {
        const { bill_id } = request.params;
        await ownBill(await citizenOf(request), bill_id);
        return proveBill(bill_id);
      },
    );
  };
}
