// A simulated citizen's walk through the running service: takes a water account into a wallet, and signs in with it.
import { createCitizenWallet } from '../simulators/citizen-wallet.ts';
import type { Desk, Running } from './compose.ts';
import type { Clock } from './platform/clock.ts';

const ANSWER_WITHIN_ms = 10_000;

/**
 * Everything over HTTP, as a phone and a browser would.
 * @returns one sentence about how far it came; a walk that fails says where, and hinders nothing
 */
export async function walkAsCitizen(
  running: Running,
  desk: Desk,
  clock: Clock,
  servicePoint: string,
  from: string,
): Promise<string> {
  try {
    const offer = await desk.offerWaterAccount('demonstration', servicePoint, { role: 'owner', from });
    const citizen = createCitizenWallet({ serviceUrl: running.publicUrl, now_ms: clock.now_ms });
    await citizen.takeOffer(offer.offer_uri, offer.tx_code);
    const begun = await post(running, '/api/portal/sign-in', { mode: 'cross_device' });
    await citizen.present(String(begun.body.authorization_request));
    const completed = await post(running, `/api/portal/sign-in/${begun.body.request_id}/complete`, {}, begun.cookie);
    const me = await fetch(`${running.publicUrl}/api/portal/me`, { headers: { cookie: completed.cookie } });
    const { trace } = (await me.json()) as { trace: { outcome: string }[] };
    const passed = trace.filter(({ outcome }) => outcome === 'passed').length;
    return `took a water account for ${servicePoint} and signed in: ${passed} of ${trace.length} checks passed`;
  } catch (error) {
    return `did not come through: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function post(
  running: Running,
  path: string,
  body: object,
  cookie = '',
): Promise<{ body: Record<string, unknown>; cookie: string }> {
  const answer = await fetch(running.publicUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_WITHIN_ms),
  });
  const content = (await answer.json()) as Record<string, unknown>;
  if (!answer.ok) throw new Error(`${path.split('/').slice(0, 4).join('/')}: ${String(content.code)}`);
  const cookies = answer.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
  return { body: content, cookie: cookies.join('; ') };
}
