// Sends a webhook to the one address that the settings name. It is never led elsewhere: a redirect, which could point into
// this network, is a failure.
import { alarmLimits } from './alarm-limits.ts';
import { signedHeaders } from './webhook-signature.ts';

export interface WebhookTarget {
  url: string;
  key: Uint8Array;
}

/**
 * @param id the message's, the same at every try
 * @returns null where the receiver took it, else a code of why not: nothing of its answer is read
 */
export async function sendWebhook(
  { url, key }: WebhookTarget,
  id: string,
  at_ms: number,
  body: string,
  timeout_ms: number = alarmLimits.webhookTimeout_ms,
): Promise<string | null> {
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'Naru', ...signedHeaders(key, id, at_ms, body) },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout_ms),
    });
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'unreachable';
  }
  await answer.body?.cancel().catch(() => {});
  if (answer.status >= 300 && answer.status < 400) return 'redirected';
  return answer.ok ? null : `status_${answer.status}`;
}
