// Asks the service's JSON routes and turns every refusal, also an unreachable service, into one kind of error.

/** A register of 100 000 rows takes its time on the way and while it is read. */
const serviceLimits = { timeout_ms: 20_000, fileTimeout_ms: 180_000 } as const;

/** What went wrong at the service: its stable code, its HTTP status (0: not reached) and its whole problem document. */
export class ServiceProblem extends Error {
  override readonly name = 'ServiceProblem';
  readonly code: string;
  readonly status: number;
  readonly members: Record<string, unknown>;

  constructor(code: string, status: number, detail: string, members: Record<string, unknown> = {}) {
    super(detail);
    this.code = code;
    this.status = status;
    this.members = members;
  }
}

export function asServiceProblem(error: unknown): ServiceProblem {
  if (error instanceof ServiceProblem) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? error.message : '';
  return new ServiceProblem(typeof code === 'string' ? code : 'PAGE_FAILED', 0, message);
}

/** GET, or POST when a body is given. Throws ServiceProblem. */
export function askService<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const sent = body === undefined ? {} : { type: 'application/json', content: JSON.stringify(body) };
  return ask<T>(path, sent, serviceLimits.timeout_ms, signal);
}

/** POST of a file as it is. Throws ServiceProblem. */
export function sendFile<T>(path: string, file: Blob, type: string): Promise<T> {
  return ask<T>(path, { type, content: file }, serviceLimits.fileTimeout_ms);
}

async function ask<T>(
  path: string,
  { type, content }: { type?: string; content?: string | Blob },
  timeout_ms: number,
  signal?: AbortSignal,
): Promise<T> {
  const timeout = AbortSignal.timeout(timeout_ms);
  let answer: Response;
  try {
    answer = await fetch(path, {
      method: content === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json, application/problem+json',
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      ...(content === undefined ? {} : { body: content }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      cache: 'no-store',
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ServiceProblem('SERVICE_UNREACHABLE', 0, 'the service did not answer');
  }
  const text = await answer.text();
  const read = parsed(text);
  if (answer.ok) return read as T;
  const members = typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  throw new ServiceProblem(
    typeof members.code === 'string' ? members.code : `HTTP_${answer.status}`,
    answer.status,
    typeof members.detail === 'string' ? members.detail : answer.statusText,
    members,
  );
}

function parsed(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
