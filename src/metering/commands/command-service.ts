// Gives, approves, cancels and lists commands to devices, for staff.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { type Actor, insertStaffAction } from '../meters/staff-action-store.ts';
import { type CommandOrder, commandLimits, needsApproval } from './command.ts';
import {
  approveCommand,
  type CommandRow,
  cancelCommand,
  expireCommands,
  findCommand,
  insertCommand,
  listCommands,
  lockCommandedDevice,
  type ValvePrecondition,
} from './command-store.ts';

export type CommandService = ReturnType<typeof createCommandService>;

export function createCommandService({
  pool,
  clock,
  valvePreconditions,
}: {
  pool: Pool;
  clock: Clock;
  valvePreconditions: readonly ValvePrecondition[];
}) {
  const now = () => new Date(clock.now_ms());

  async function get(commandId: number): Promise<CommandRow> {
    const found = await findCommand(pool, commandId);
    if (found === null) throw problem('COMMAND_UNKNOWN');
    return found;
  }

  return {
    /**
     * Keeps a command for a device until it is acknowledged or `lifetime_s` is over. One that moves a valve first waits
     * for another person's approval.
     *
     * @throws DEVICE_UNKNOWN, COMMAND_REFUSED where too many are open, COMMAND_NEEDS_ANOTHER for a valve without a person
     */
    async giveCommand(deviceId: string, order: CommandOrder, lifetime_s: number, actor: Actor): Promise<CommandRow> {
      const commandId = await inTransaction(pool, async (transaction) => {
        if (needsApproval(order.kind) && actor === null)
          throw problem('COMMAND_NEEDS_ANOTHER', 'A valve is moved by two people, not by a program: use the console.');
        await expireCommands(transaction, now());
        const device = await lockCommandedDevice(transaction, deviceId);
        if (device === null) throw problem('DEVICE_UNKNOWN');
        if (device.open >= commandLimits.openPerDevice)
          throw problem('COMMAND_REFUSED', `${device.open} commands are open for this device; cancel some first`);
        const at = now();
        const id = await insertCommand(transaction, {
          ...{ deviceNo: device.deviceNo, order, actor, at },
          state: needsApproval(order.kind) ? 'proposed' : 'queued',
          expiresAt: new Date(at.getTime() + lifetime_s * 1_000),
        });
        await insertStaffAction(transaction, {
          ...{ at, actor, action: 'command_given', deviceNo: device.deviceNo },
          subject: `${id} ${order.kind}`,
        });
        return id;
      });
      return get(commandId);
    },

    /** @throws COMMAND_UNKNOWN, COMMAND_ENDED where it doesn't wait for approval, COMMAND_NEEDS_ANOTHER, COMMAND_REFUSED */
    async approveCommand(commandId: number, actor: Actor): Promise<CommandRow> {
      await inTransaction(pool, async (transaction) => {
        const at = now();
        const command = await findCommand(transaction, commandId, true);
        if (command === null) throw problem('COMMAND_UNKNOWN');
        if (command.state !== 'proposed' || command.expires_at <= at)
          throw problem('COMMAND_ENDED', 'This command does not wait for an approval.');
        if (actor === null || command.created_by === null || actor.equals(command.created_by))
          throw problem('COMMAND_NEEDS_ANOTHER');
        await approveCommand(transaction, commandId, actor, at);
        for (const precondition of valvePreconditions) {
          const objection = await precondition(transaction, commandId);
          if (objection !== null) throw problem('COMMAND_REFUSED', objection);
        }
        await insertStaffAction(transaction, {
          ...{ at, actor, action: 'command_approved', deviceNo: command.device_no, subject: String(commandId) },
        });
      });
      return get(commandId);
    },

    /** One that was sent may have been carried out all the same. @throws COMMAND_UNKNOWN, COMMAND_ENDED */
    async cancelCommand(commandId: number, actor: Actor, reason: string): Promise<CommandRow> {
      await inTransaction(pool, async (transaction) => {
        const at = now();
        await expireCommands(transaction, at);
        const command = await findCommand(transaction, commandId, true);
        if (command === null) throw problem('COMMAND_UNKNOWN');
        if (!(await cancelCommand(transaction, commandId, reason, at))) throw problem('COMMAND_ENDED');
        await insertStaffAction(transaction, {
          ...{
            at,
            actor,
            action: 'command_cancelled',
            deviceNo: command.device_no,
            subject: String(commandId),
            reason,
          },
        });
      });
      return get(commandId);
    },

    /** Newest first. @param before the number of the last one of the page before */
    async listCommands(deviceId: string, before: number | null, limit: number): Promise<CommandRow[]> {
      await expireCommands(pool, now());
      return listCommands(pool, deviceId, before, limit);
    },
  };
}
