// One JSON-RPC call to an EVM node, for what no library has a function for.

const ANSWER_WITHIN_ms = 10_000;

/** @throws Error with the node's message, or where no answer comes */
export async function callRpc(
  url: string,
  method: string,
  parameters: readonly unknown[] = [],
  answerWithin_ms = ANSWER_WITHIN_ms,
): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: parameters }),
    signal: AbortSignal.timeout(answerWithin_ms),
  });
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
  return answer.result;
}
