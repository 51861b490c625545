// What a citizen's browser may ask about bills: those of their own time, one with its lines, its paper, its credential.
import { z } from 'zod';
import type { Routes } from '../platform/http/http-server.ts';
import type { CitizenBillsService } from './citizen-bills-service.ts';
import type { citizenOfRequest } from './citizen-routes.ts';
import type { BillOfferService } from './offer-bill-service.ts';
import { walletOfferLink } from './wallet-links.ts';

const billId = z.object({ bill_id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });

export interface BillRoutesOptions {
  bills: CitizenBillsService;
  billOffers: BillOfferService;
  citizenOf: ReturnType<typeof citizenOfRequest>;
  walletUrl: string;
}

export function citizenBillRoutes({ bills, billOffers, citizenOf, walletUrl }: BillRoutesOptions): Routes {
  return async (app) => {
    app.get(
      '/api/portal/bills',
      {
        schema: {
          tags: ['portal'],
          summary: 'My bills: of periods in which the place was mine on every day',
          response: {
            200: z.object({
              bills: z.array(
                z.object({
                  bill_id: z.int(),
                  number: z.string(),
                  use_from: z.iso.date(),
                  use_until: z.iso.date().describe('the first day after'),
                  due_on: z.iso.date(),
                  volume_l: z.int(),
                  payable_won: z.int(),
                }),
              ),
            }),
          },
        },
      },
      async (request) => ({ bills: await bills.listBills(await citizenOf(request)) }),
    );

    app.get(
      '/api/portal/bills/:bill_id',
      { schema: { tags: ['portal'], summary: 'A bill of mine with every line', params: billId } },
      async (request) => {
        const session = await citizenOf(request);
        const { bill_id } = request.params;
        const bill = await bills.ownBill(session, bill_id);
        return {
          document: JSON.parse(bill.document) as Record<string, unknown>,
          document_sha256: bill.document_sha256,
          in_wallet: await billOffers.isInWallet(session, bill_id),
        };
      },
    );

    app.get(
      '/api/portal/bills/:bill_id/pdf',
      { schema: { tags: ['portal'], summary: 'A bill of mine on paper', params: billId } },
      async (request, reply) => {
        const paper = await bills.printBill(await citizenOf(request), request.params.bill_id);
        const name = `water-bill-${request.params.bill_id}.pdf`;
        return reply
          .type('application/pdf')
          .header('content-disposition', `attachment; filename="${name}"`)
          .send(paper);
      },
    );

    app.post(
      '/api/portal/bills/:bill_id/offer',
      {
        schema: {
          tags: ['portal'],
          summary: 'Offer a bill of mine to my wallet',
          params: billId,
          response: {
            200: z.object({
              offer_id: z.string(),
              offer_uri: z.string(),
              wallet_link: z.string(),
              tx_code: z.string(),
              expires_at: z.string(),
            }),
          },
        },
      },
      async (request) => {
        const offer = await billOffers.offerBill(await citizenOf(request), request.params.bill_id);
        return { ...offer, wallet_link: walletOfferLink(walletUrl, offer.offer_uri) };
      },
    );
  };
}
