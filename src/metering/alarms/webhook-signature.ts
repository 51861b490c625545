// Signs webhooks so that their receiver knows them for ours. Source: Standard Webhooks 1.0.0, "Signature scheme"
import { createHmac } from 'node:crypto';

const secretLimits = { least_bytes: 24, most_bytes: 64 } as const;

/** @returns the key of `whsec_` and base64; null where the text is none, or of a length that the specification refuses */
export function webhookKey(secret: string): Buffer | null {
  const [, text] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  if (text === undefined) return null;
  const key = Buffer.from(text, 'base64');
  const isCanonical = key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
  return isCanonical && key.length >= secretLimits.least_bytes && key.length <= secretLimits.most_bytes ? key : null;
}

/**
 * The three headers of a webhook.
 *
 * @param id stays the same over all tries, and holds no full stop
 * @param at_ms of this try
 */
export function signedHeaders(key: Uint8Array, id: string, at_ms: number, body: string): Record<string, string> {
  const timestamp = String(Math.floor(at_ms / 1_000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
