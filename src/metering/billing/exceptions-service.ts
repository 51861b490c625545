// A place's exceptions for staff: all that was entered, what the tariff in force has to choose from, and entering one more.
import type { Clock } from '../../platform/clock.ts';
import { faultOfProblem } from '../../platform/fault-problems.ts';
import type { Fault } from '../../platform/fault-texts.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { dayAfter } from './billing-dates.ts';
import { exceptionNameFault, exceptionValueFault } from './exception-faults.ts';
import { type ExceptionRow, enterExceptions, listExceptionHistory } from './exception-store.ts';
import { exceptionFault, type PlaceException, stretchesWithin } from './place-exceptions.ts';
import { findTariffAt } from './proven-predicate-store.ts';
import { readTariff } from './read-tariff.ts';
import type { Tariff } from './tariff.ts';

interface Named {
  id: string;
  name: { ko: string; en: string };
}

/** What a tariff has that an exception can be of. */
export interface ExceptionChoices {
  tariff: Named;
  /** Components that a place can be without. */
  optional: Named[];
  /** Components that can have a class of their own. */
  classed: Named[];
  classes: Named[];
  counts: Named[];
}

export interface ExceptionsService {
  /** `choices` by the tariff of the newest run over the place; null before the first. @throws SERVICE_POINT_UNKNOWN */
  list(servicePointId: string): Promise<{ entered: ExceptionRow[]; choices: ExceptionChoices | null }>;
  /**
   * Lists take what a tariff to come will have; here what the tariff in force does not have is refused.
   * @returns whether it was news @throws SERVICE_POINT_UNKNOWN, EXCEPTION_INVALID
   */
  enter(servicePointId: string, given: PlaceException & { reason: string }, actor: Buffer | null): Promise<boolean>;
}

export function createExceptionsService(pool: Pool, clock: Clock): ExceptionsService {
  async function entered(servicePointId: string): Promise<ExceptionRow[]> {
    const rows = await listExceptionHistory(pool, servicePointId);
    if (rows === null) throw problem('SERVICE_POINT_UNKNOWN');
    return rows;
  }

  async function tariffAt(servicePointId: string): Promise<Tariff | null> {
    const found = await findTariffAt(pool, servicePointId);
    return found === null ? null : readTariff(found.content, found.tariff_id);
  }

  return {
    list: async (servicePointId) => {
      const rows = await entered(servicePointId);
      const tariff = await tariffAt(servicePointId);
      return { entered: rows, choices: tariff === null ? null : choicesOf(tariff) };
    },
    enter: async (servicePointId, given, actor) => {
      await entered(servicePointId);
      const { kind, name, value } = given;
      refuse('name', exceptionNameFault(kind, name));
      if (value !== null) {
        refuse('value', exceptionValueFault(kind, value));
        refuseUnknown(await tariffAt(servicePointId), given);
      }
      return inTransaction(pool, async (transaction) => {
        const by = { now_ms: clock.now_ms(), actor };
        return enterExceptions(transaction, [{ ...given, service_point: servicePointId }], by);
      });
    },
  };
}

function refuse(part: string, found: Fault | null): void {
  if (found === null) return;
  const { problem: says, ...fault } = found;
  throw problem('EXCEPTION_INVALID', `${part}: ${says}`, { fault });
}

function refuseUnknown(tariff: Tariff | null, given: PlaceException): void {
  if (tariff === null) return;
  const onItsDay = { use_from: given.from, use_until: dayAfter(given.from) };
  const found = exceptionFault(tariff, stretchesWithin([given], onItsDay));
  if (found === null) return;
  const toCome = 'what a tariff to come will have is read in as a list of exceptions';
  const fault = faultOfProblem(found);
  throw problem('EXCEPTION_INVALID', `${found.detail}, by the tariff '${tariff.id}'; ${toCome}`, { fault });
}

function choicesOf(tariff: Tariff): ExceptionChoices {
  const named = ({ id, name }: Named): Named => ({ id, name });
  const counts = Object.entries(tariff.counts).map(([id, { name }]) => ({ id, name }));
  return {
    tariff: named(tariff),
    optional: tariff.components.filter(({ optional }) => optional).map(named),
    classed: tariff.components.filter(({ kind }) => kind === 'volume' || kind === 'fixed').map(named),
    classes: Object.entries(tariff.classes).map(([id, name]) => ({ id, name })),
    counts,
  };
}
