// Edits a reading: what holds at an instant is another thing from then on, and use is worked out anew where it matters.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { holdMeter, insertEdit, listEdits, listToldAt } from '../readings/reading-edit-store.ts';
import type { Decider, EditDeed } from '../readings/reading-edits.ts';
import { dialOf } from '../readings/register-rule.ts';
import { markTouched } from '../readings/touched-store.ts';
import { cannotEdit, nothingToEdit } from './decision-faults.ts';

export interface WantedEdit {
  meterId: number;
  at_ms: number;
  deed: EditDeed;
  /** Litres; for `replace` and `add`, else null. */
  register_l: number | null;
  reason: string;
}

/**
 * @returns the edit's number
 * @throws METER_UNKNOWN, READING_UNKNOWN where there is nothing to void, replace or restore, EDIT_IMPOSSIBLE
 */
export async function editReading(
  { pool, clock }: { pool: Pool; clock: Clock },
  edit: WantedEdit,
  by: Decider,
): Promise<number> {
  return inTransaction(pool, async (transaction) => {
    const meter = await holdMeter(transaction, edit.meterId);
    if (meter === null) throw problem('METER_UNKNOWN');
    const { wrapsAt_l } = dialOf({ dials: meter.dials, bore_mm: 0 });
    if (edit.register_l !== null && edit.register_l >= wrapsAt_l) {
      throw cannotEdit('beyond_dials', { wraps_at_l: wrapsAt_l });
    }
    if (edit.at_ms > clock.now_ms()) throw cannotEdit('ahead');
    const told = await listToldAt(transaction, edit.meterId, edit.at_ms);
    const at = { from_ms: edit.at_ms, to_ms: edit.at_ms };
    const [newest] = await listEdits(transaction, edit.meterId, at, 1);
    refuseImpossible(edit.deed, told.length > 0, newest?.deed ?? 'restore');
    const editId = await insertEdit(transaction, { ...edit, ...by, edited_ms: clock.now_ms() });
    await markTouched(transaction, [{ meterId: edit.meterId, ...at }]);
    return editId;
  });
}

function refuseImpossible(deed: EditDeed, wasTold: boolean, inForce: EditDeed): void {
  const isSet = inForce === 'replace' || inForce === 'add';
  const holds = isSet || (wasTold && inForce === 'restore');
  if (deed === 'void' && !holds) throw nothingToEdit('nothing_to_void');
  if (deed === 'replace' && !wasTold && !isSet) throw nothingToEdit('nothing_to_replace');
  if (deed === 'add' && (wasTold || isSet)) throw cannotEdit('already_told');
  if (deed === 'restore' && inForce === 'restore') throw nothingToEdit('nothing_to_restore');
}
