// Stands in for the service's JSON routes by browser routing, so that a page can be brought into each of its states.
import type { BrowserContext } from 'playwright-core';
import { billOffer, comparison, myBill, myBills, reductions } from './bill-answers.ts';
import { billRuns, billSummaries, followedBill, heldPlaces } from './billing-answers.ts';
import {
  alarmHistory,
  alarmPage,
  anchoring,
  anchors,
  auditEntries,
  awaitingOffers,
  careConsent,
  deskCredentials,
  deskForms,
  deskOffers,
  deviceDetail,
  deviceEvents,
  devices,
  gateways,
  householdNotices,
  intake,
  issued,
  madeOffer,
  me,
  meterDetail,
  meters,
  myMeter,
  offerImports,
  quarantined,
  totals,
  traceWith,
  useAnswer,
} from './page-answers.ts';
import {
  balancesOf,
  incompleteMeters,
  placeExceptions,
  placeHistory,
  readRates,
  registryImports,
  registryPlaces,
  zoneDetail,
  zonePlaces,
  zones,
} from './zone-answers.ts';

export interface Answer {
  status: number;
  body: unknown;
}

/** Answers by `METHOD /path`; a path may end with `*`. The first that fits answers. */
export type Answers = Record<string, (url: URL, sent: string | null) => Answer>;

export const ok = (body: unknown): Answer => ({ status: 200, body });

export const refusal = (status: number, code: string, members: object = {}): Answer => ({
  status,
  body: { type: `urn:naru:problem:${code.toLowerCase()}`, title: code, status, code, detail: code, ...members },
});

const signInStart = {
  request_id: 'req-1',
  authorization_request:
    'openid4vp://?client_id=decentralized_identifier%3Adid%3Awebvh%3AQmPortal%3Alocalhost%253A8080%3Aportal&request_uri=http%3A%2F%2Flocalhost%3A8080%2Foid4vp%2Frequests%2Freq-1',
  wallet_link:
    'http://localhost:8081/#/present?request=openid4vp%3A%2F%2F%3Fclient_id%3Ddecentralized_identifier%253Adid%253Awebvh%253AQmPortal%253Alocalhost%25253A8080%253Aportal%26request_uri%3Dhttp%253A%252F%252Flocalhost%253A8080%252Foid4vp%252Frequests%252Freq-1',
  expires_at: '2026-11-23T05:25:00Z',
};

/** A citizen who is signed in, and a clerk who is signed in. */
const usual: Answers = {
  'GET /api/portal/me': () => ok({ ...me, trace: traceWith(anchors.final) }),
  'GET /api/portal/notices': () => ok(householdNotices),
  'GET /api/portal/consent': () => ok(careConsent),
  'POST /api/portal/consent': () => ok(careConsent),
  'GET /api/portal/meter': () => ok(myMeter),
  'GET /api/portal/use': (url) => ok(useAnswer(url.searchParams)),
  'GET /api/portal/comparison': () => ok(comparison),
  'GET /api/portal/bills': () => ok({ bills: myBills }),
  'GET /api/portal/bills/*': () => ok(myBill),
  'POST /api/portal/bills/*/offer': () => ok(billOffer),
  'GET /api/portal/reductions': () => ok({ reductions: reductions.offered }),
  'POST /api/portal/reductions/*/proof': () => ok(signInStart),
  'GET /api/portal/reductions/*/proof/*': () => ok({ state: 'waiting' }),
  'POST /api/portal/reductions/*/proof/*/complete': () => ok(null),
  'POST /api/portal/reductions/*/end': () => ok(null),
  'POST /api/portal/sign-in': () => ok(signInStart),
  'GET /api/portal/sign-in/*': () => ok({ state: 'waiting' }),
  'POST /api/portal/sign-out': () => ok({}),
  'POST /api/utility/sign-in': () => ok({}),
  'GET /api/utility/me': () => ok({}),
  'GET /api/utility/meters': (url) =>
    ok({
      meters: url.searchParams.has('cursor') ? meters.slice(0, 7) : meters,
      next_cursor: url.searchParams.has('cursor') ? null : 'next',
      totals,
    }),
  'GET /api/utility/meters/*/use': (url) => ok(useAnswer(url.searchParams)),
  'GET /api/utility/meters/*': (url) => ok(meterDetail(url.pathname.split('/').at(-1) ?? '')),
  'GET /api/utility/zones': () => ok({ time_zone: 'Asia/Seoul', zones, next_cursor: null }),
  'GET /api/utility/zones/*': (url) => ok(zoneDetail(url.pathname.split('/').at(-1) ?? '')),
  'GET /api/utility/zones/*/balance': (url) => ok(balancesOf(url.searchParams)),
  'GET /api/utility/zones/*/places': () => ok(zonePlaces),
  'GET /api/utility/read-rates': (url) => ok(readRates(url.searchParams)),
  'GET /api/utility/incomplete-meters': () => ok(incompleteMeters),
  'GET /api/utility/registry/places': () => ok(registryPlaces),
  'GET /api/utility/registry/places/*': () => ok(placeHistory),
  'GET /api/utility/registry/places/*/exceptions': () => ok(placeExceptions),
  'GET /api/utility/registry/imports': () => ok(registryImports),
  'GET /api/utility/quarantine': () => ok({ items: quarantined, next_cursor: null, total: quarantined.length }),
  'POST /api/utility/quarantine/redecode': () => ok({ mended: 2, left: 1 }),
  'GET /api/utility/intake': () => ok(intake),
  'GET /api/utility/gateways': () => ok({ gateways }),
  'GET /api/utility/devices': () => ok({ devices, next_cursor: null }),
  'GET /api/utility/devices/*': (url) => ok(deviceDetail(url.pathname.split('/').at(-1) ?? '')),
  'POST /api/utility/devices/*/rotate': () => ok({ secret: 'q3Xh8mVdYw2kS7tR0nLpA5zUeJ9bCfG4iKoQxMvN1y' }),
  'POST /api/utility/devices/*/claim-codes': () => ok({ code: '7Q4K-9ZTB-M3XD', expires_at: '2026-11-24T05:00:00Z' }),
  'POST /api/utility/devices/*/revoke': () => ok(null),
  'POST /api/utility/devices/*/restore': () => ok(null),
  'GET /api/utility/device-events': () => ok({ events: deviceEvents, next_cursor: null }),
  'POST /api/utility/device-events/*/close': () => ok(null),
  'GET /api/utility/alarms': () => ok(alarmPage),
  'GET /api/utility/alarms/*': () => ok(alarmHistory),
  'POST /api/utility/alarms/*/acknowledge': () => ok(alarmHistory),
  'GET /api/utility/anchoring': () => ok(anchoring),
  'POST /api/utility/service-points/*/offers': () => ok(madeOffer),
  'GET /api/utility/service-points/*/credentials': () => ok({ credentials: issued }),
  'POST /api/utility/credentials/*/revoke': () => ok({}),
  'POST /api/utility/credentials/*/suspend': () => ok({}),
  'POST /api/utility/credentials/*/resume': () => ok({}),
  'POST /api/utility/wallet-sign-in': () => ok(signInStart),
  'GET /api/utility/wallet-sign-in/*': () => ok({ state: 'waiting' }),
  'GET /api/utility/desk/types': () => ok(deskForms),
  'GET /api/utility/desk/offers': () => ok({ offers: deskOffers, next_cursor: null }),
  'GET /api/utility/desk/approvals': () => ok({ offers: awaitingOffers }),
  'POST /api/utility/desk/approvals/*/approve': () => ok(null),
  'POST /api/utility/desk/offers': () => ok(madeOffer),
  'GET /api/utility/desk/credentials': () => ok({ credentials: deskCredentials, next_cursor: null }),
  'POST /api/utility/desk/reissue': () => ok(madeOffer),
  'GET /api/utility/imports': () => ok({ imports: offerImports }),
  'GET /api/utility/tariffs': () => ok({ tariffs: ['busan', 'changwon', 'gimhae-current'] }),
  'GET /api/utility/bill-runs': () => ok({ runs: billRuns, next_cursor: null }),
  'POST /api/utility/bill-runs': () => ok(billRuns[0]),
  'GET /api/utility/bill-runs/*': () => ok(billRuns[0]),
  'GET /api/utility/bill-runs/*/held': () => ok({ held: heldPlaces, next_cursor: null }),
  'GET /api/utility/bill-runs/*/bills': () => ok({ bills: billSummaries, next_cursor: null }),
  'GET /api/utility/bills/*': () => ok(followedBill),
  'GET /api/utility/audit': () => ok({ entries: auditEntries, next_cursor: null }),
  'POST /dids': () => ok({}),
  'GET /1.0/identifiers/*': () => ok({ didDocument: {}, didDocumentMetadata: { anchor: anchors.final } }),
  'GET /api/anchors/*': () => ok(anchors.final),
};

/** Routes the service's paths of every page of the context; `changed` answers before the usual ones. */
export async function mockService(context: BrowserContext, changed: Answers = {}): Promise<void> {
  const answers = Object.entries({ ...usual, ...changed }).map(([asked, answer]) => ({
    pattern: pattern(asked),
    answer,
  }));
  await context.route(
    (url) => /^\/(api|dids|1\.0)(\/|$)/.test(url.pathname),
    async (route) => {
      const url = new URL(route.request().url());
      const asked = `${route.request().method()} ${url.pathname}`;
      const found = answers.find((each) => each.pattern.test(asked));
      const { status, body } = found?.answer(url, route.request().postData()) ?? refusal(404, 'NOT_FOUND');
      await route.fulfill({
        status,
        contentType: status < 400 ? 'application/json' : 'application/problem+json',
        headers: { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' },
        body: JSON.stringify(body),
      });
    },
  );
}

function pattern(asked: string): RegExp {
  return new RegExp(`^${asked.replaceAll(/[.]/g, '\\.').replaceAll('*', '[^/]+')}$`);
}
