// Presentation requests and their verdicts. Answering and collecting happen once, each in one statement.
import type { Queryable } from '../../platform/postgres/database.ts';
import { type PresentationMode, presentationLimits, type RequestRecord } from './presentation-request.ts';
import type { CredentialVerdict, PresentationOutcome } from './verdict.ts';

const requestColumns = `id, verifier, wanted, purpose, mode, client, return_url AS "returnUrl", origin, transactions, nonce,
  state, response_key AS "responseKey", expires_at AS "expiresAt"`;

export async function insertRequest(to: Queryable, handleHash: Buffer, request: RequestRecord): Promise<void> {
  await to.query(
    `INSERT INTO identity.presentation_requests (id, handle_hash, verifier, wanted, purpose, mode, client, return_url,
       origin, transactions, nonce, state, response_key, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      request.id,
      handleHash,
      request.verifier,
      JSON.stringify(request.wanted),
      JSON.stringify(request.purpose),
      request.mode,
      request.client,
      request.returnUrl,
      request.origin,
      request.transactions,
      request.nonce,
      request.state,
      request.responseKey,
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

/**
 * Records the answer and throws the key it was encrypted to away: true for exactly one of any number of answers.
 * `answered` null: the person declined.
 */
export async function recordAnswer(
  to: Queryable,
  answer: {
    id: string;
    answered: PresentationOutcome | null;
    responseCodeHash: Buffer | null;
    now: Date;
    keepUntil: Date;
  },
): Promise<boolean> {
  const { rowCount } = await to.query(
    `UPDATE identity.presentation_requests
     SET outcome = $2, verdict = $3, response_code_hash = $4, expires_at = $5, response_key = NULL
     WHERE id = $1 AND outcome = 'waiting' AND expires_at > $6`,
    [
      answer.id,
      answer.answered?.verified === true ? 'verified' : 'refused',
      answer.answered === null ? null : JSON.stringify(answer.answered),
      answer.responseCodeHash,
      answer.keepUntil,
      answer.now,
    ],
  );
  return rowCount === 1;
}

export interface AnswerState {
  outcome: 'waiting' | 'verified' | 'refused' | 'collected';
  mode: PresentationMode;
  credentials: Pick<CredentialVerdict, 'query_id' | 'type' | 'verified' | 'trace'>[] | null;
  expired: boolean;
}

/** What `verdict` holds but for claims and what else only who asked may have. */
const withoutClaims = `(SELECT jsonb_agg(jsonb_build_object('query_id', c -> 'query_id', 'type', c -> 'type',
  'verified', c -> 'verified', 'trace', c -> 'trace') ORDER BY place)
  FROM jsonb_array_elements(r.verdict -> 'credentials') WITH ORDINALITY AS each(c, place))`;

export async function answerState(
  from: Queryable,
  of: { id: string; verifier: string },
  now: Date,
): Promise<AnswerState | null> {
  const { rows } = await from.query<AnswerState>(
    `SELECT outcome, mode, ${withoutClaims} AS credentials, expires_at <= $3 AS expired
     FROM identity.presentation_requests r WHERE id = $1 AND verifier = $2`,
    [of.id, of.verifier, now],
  );
  return rows[0] ?? null;
}

/**
 * Hands an outcome over. A verified one once, keeping its traces only, and on the same device for the right code only; a
 * refused one holds no claims and stays.
 */
export async function collectOutcome(
  to: Queryable,
  of: { id: string; verifier: string },
  responseCodeHash: Buffer | null,
  now: Date,
): Promise<PresentationOutcome | null> {
  const { rows } = await to.query<{ verdict: PresentationOutcome }>(
    `WITH answered AS (
       SELECT id, outcome, verdict FROM identity.presentation_requests
       WHERE id = $1 AND verifier = $2 AND outcome IN ('verified', 'refused') AND verdict IS NOT NULL AND expires_at > $3
         AND (mode <> 'same_device' OR outcome = 'refused' OR response_code_hash = $4)
       FOR UPDATE
     ), collected AS (
       UPDATE identity.presentation_requests r
       SET outcome = 'collected', verdict = jsonb_build_object('credentials', ${withoutClaims})
       FROM answered WHERE r.id = answered.id AND answered.outcome = 'verified'
     )
     SELECT verdict FROM answered`,
    [of.id, of.verifier, now, responseCodeHash],
  );
  return rows[0]?.verdict ?? null;
}

/** Erases expired verdicts, and requests that have been over for a while; at most `sweepRows` of each. */
export async function sweepRequests(to: Queryable, now: Date): Promise<number> {
  const erased = await to.query(
    `UPDATE identity.presentation_requests SET verdict = NULL, response_key = NULL WHERE id IN (
       SELECT id FROM identity.presentation_requests
       WHERE expires_at <= $1 AND (verdict IS NOT NULL OR response_key IS NOT NULL) LIMIT $2)`,
    [now, presentationLimits.sweepRows],
  );
  const removed = await to.query(
    `DELETE FROM identity.presentation_requests WHERE id IN (
       SELECT id FROM identity.presentation_requests WHERE expires_at <= $1 LIMIT $2)`,
    [new Date(now.getTime() - presentationLimits.verdictLifetime_s * 1_000), presentationLimits.sweepRows],
  );
  return (erased.rowCount ?? 0) + (removed.rowCount ?? 0);
}
