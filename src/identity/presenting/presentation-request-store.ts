// Presentation requests and their verdicts. Answering and collecting happen once, each in one statement.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { Bilingual } from '../credentials/credential-type.ts';
import { presentationLimits, type WantedClaim } from './presentation-request.ts';
import type { TraceStep, Verdict } from './verdict.ts';

export interface RequestRecord {
  id: string;
  verifier: string;
  type: string;
  claims: WantedClaim[];
  purpose: Bilingual;
  mode: 'same_device' | 'cross_device';
  returnUrl: string | null;
  nonce: string;
  state: string;
  expiresAt: Date;
}

const requestColumns = `id, verifier, credential_type AS type, claims, purpose, mode, return_url AS "returnUrl", nonce, state,
  expires_at AS "expiresAt"`;

export async function insertRequest(to: Queryable, handleHash: Buffer, request: RequestRecord): Promise<void> {
  await to.query(
    `INSERT INTO identity.presentation_requests
       (id, handle_hash, verifier, credential_type, claims, purpose, mode, return_url, nonce, state, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      request.id,
      handleHash,
      request.verifier,
      request.type,
      JSON.stringify(request.claims),
      JSON.stringify(request.purpose),
      request.mode,
      request.returnUrl,
      request.nonce,
      request.state,
      request.expiresAt,
    ],
  );
}

/** The request behind a handle while it can still be answered, or null. */
export async function waitingRequest(from: Queryable, handleHash: Buffer, now: Date): Promise<RequestRecord | null> {
  const { rows } = await from.query<RequestRecord>(
    `SELECT ${requestColumns} FROM identity.presentation_requests
     WHERE handle_hash = $1 AND outcome = 'waiting' AND expires_at > $2`,
    [handleHash, now],
  );
  return rows[0] ?? null;
}

/** Records the answer: true for exactly one of any number of answers. `verdict` null: the person declined. */
export async function recordAnswer(
  to: Queryable,
  answer: { id: string; verdict: Verdict | null; responseCodeHash: Buffer | null; now: Date; keepUntil: Date },
): Promise<boolean> {
  const { rowCount } = await to.query(
    `UPDATE identity.presentation_requests
     SET outcome = $2, verdict = $3, response_code_hash = $4, expires_at = $5
     WHERE id = $1 AND outcome = 'waiting' AND expires_at > $6`,
    [
      answer.id,
      answer.verdict?.verified === true ? 'verified' : 'refused',
      answer.verdict === null ? null : JSON.stringify(answer.verdict),
      answer.responseCodeHash,
      answer.keepUntil,
      answer.now,
    ],
  );
  return rowCount === 1;
}

export interface AnswerState {
  outcome: 'waiting' | 'verified' | 'refused' | 'collected';
  mode: 'same_device' | 'cross_device';
  trace: TraceStep[] | null;
  expired: boolean;
}

export async function answerState(from: Queryable, id: string, now: Date): Promise<AnswerState | null> {
  const { rows } = await from.query<AnswerState>(
    `SELECT outcome, mode, verdict -> 'trace' AS trace, expires_at <= $2 AS expired
     FROM identity.presentation_requests WHERE id = $1`,
    [id, now],
  );
  return rows[0] ?? null;
}

/**
 * Hands a verdict over. A verified one once, keeping its trace only, and on the same device for the right code only; a
 * refused one holds no claims and stays.
 */
export async function collectVerdict(
  to: Queryable,
  id: string,
  responseCodeHash: Buffer | null,
  now: Date,
): Promise<Verdict | null> {
  const { rows } = await to.query<{ verdict: Verdict }>(
    `WITH answered AS (
       SELECT id, outcome, verdict FROM identity.presentation_requests
       WHERE id = $1 AND outcome IN ('verified', 'refused') AND verdict IS NOT NULL AND expires_at > $2
         AND (mode = 'cross_device' OR outcome = 'refused' OR response_code_hash = $3)
       FOR UPDATE
     ), collected AS (
       UPDATE identity.presentation_requests r
       SET outcome = 'collected', verdict = jsonb_build_object('trace', r.verdict -> 'trace')
       FROM answered WHERE r.id = answered.id AND answered.outcome = 'verified'
     )
     SELECT verdict FROM answered`,
    [id, now, responseCodeHash],
  );
  return rows[0]?.verdict ?? null;
}

/** Erases expired verdicts, and requests that have been over for a while; at most `sweepRows` of each. */
export async function sweepRequests(to: Queryable, now: Date): Promise<number> {
  const erased = await to.query(
    `UPDATE identity.presentation_requests SET verdict = NULL WHERE id IN (
       SELECT id FROM identity.presentation_requests WHERE expires_at <= $1 AND verdict IS NOT NULL LIMIT $2)`,
    [now, presentationLimits.sweepRows],
  );
  const removed = await to.query(
    `DELETE FROM identity.presentation_requests WHERE id IN (
       SELECT id FROM identity.presentation_requests WHERE expires_at <= $1 LIMIT $2)`,
    [new Date(now.getTime() - presentationLimits.verdictLifetime_s * 1_000), presentationLimits.sweepRows],
  );
  return (erased.rowCount ?? 0) + (removed.rowCount ?? 0);
}
