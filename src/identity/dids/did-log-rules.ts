// The rules of did:webvh 1.0 that hold between entries of a log and that the DID library does not check.
import { problem } from '../../platform/problem.ts';
import type { DidLog } from './did-log.ts';

/** How far ahead of our clock a holder's may be. The library allows as much. */
const CLOCK_SKEW_ms = 5 * 60_000;

/**
 * @param now_ms the time a `versionTime` must not be after; left out, the library's look at the machine's clock decides
 * @throws DID_LOG_INVALID
 */
export function checkLogRules(log: DidLog, now_ms?: number): void {
  checkTime(log, now_ms);
  let promised: string[] = [];
  let isDeactivated = false;
  log.forEach(({ parameters }, index) => {
    // 3.7.1, `deactivated`: "no further updates to the DID are permitted".
    if (isDeactivated) refuse(index, 'comes after the DID was deactivated');
    // 3.7.1, `nextKeyHashes`, and 3.7.6, step 4: both lists are in every entry for as long as keys are promised.
    if (promised.length > 0 && (parameters.updateKeys === undefined || parameters.nextKeyHashes === undefined)) {
      refuse(index, 'must state updateKeys and nextKeyHashes, because the one before it promised keys');
    }
    if (parameters.nextKeyHashes !== undefined) promised = parameters.nextKeyHashes ?? [];
    isDeactivated = parameters.deactivated === true;
  });
  checkMoves(log);
}

/** 3.6.2, step 4. That times rise from entry to entry is checked by the library. */
function checkTime(log: DidLog, now_ms: number | undefined): void {
  const last = log.at(-1);
  if (last === undefined || now_ms === undefined) return;
  if (Date.parse(last.versionTime) > now_ms + CLOCK_SKEW_ms) refuse(log.length - 1, 'is of a time still to come');
}

/** 3.7.5: a DID that moves says in `alsoKnownAs` what it was called before. */
function checkMoves(log: DidLog): void {
  log.forEach(({ state }, index) => {
    const before = log[index - 1]?.state.id ?? state.id;
    if (state.id === before) return;
    const names: unknown = state.alsoKnownAs;
    if (!Array.isArray(names) || !names.includes(before)) refuse(index, 'moves the DID without saying from where');
  });
}

function refuse(index: number, what: string): never {
  throw problem('DID_LOG_INVALID', `Entry ${index + 1} of the DID log ${what}.`);
}
