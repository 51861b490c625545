// Every refusal Naru gives has one class and one catalogue: the code decides the HTTP status and the public sentence.
import { problemCatalogue } from './problem-catalogue.ts';

export type ProblemCode = keyof typeof problemCatalogue;

/**
 * A refusal with a stable code. `detail` says what was wrong, where, and what to do; it never carries a token, a claim
 * or a payload, because it goes into answers and logs.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly detail: string;
  /** Members beside the standard ones, such as the trace of a refused sign-in. Source: RFC 9457 section 3.2. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: ProblemCode, detail?: string, members: Readonly<Record<string, unknown>> = {}) {
    super(`${code}: ${detail ?? problemCatalogue[code].title}`);
    this.code = code;
    this.detail = detail ?? problemCatalogue[code].title;
    this.members = members;
  }

  get status(): number {
    return problemCatalogue[this.code].status;
  }

  get title(): string {
    return problemCatalogue[this.code].title;
  }
}

/** `throw problem('METER_UNKNOWN', '…')`. */
export function problem(code: ProblemCode, detail?: string, members?: Readonly<Record<string, unknown>>): Problem {
  return new Problem(code, detail, members);
}

/** RFC 9457 members of a problem, for `application/problem+json`. Source: RFC 9457 section 3. */
export function problemDocument(of: Problem): {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  [member: string]: unknown;
} {
  return {
    ...of.members,
    type: `urn:naru:problem:${of.code.toLowerCase().replaceAll('_', '-')}`,
    title: of.title,
    status: of.status,
    detail: of.detail,
    code: of.code,
  };
}
