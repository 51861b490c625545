// What staff do with a device's credentials: see them, rotate, revoke, restore, pin a key. Each acts on live connections.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import { closeDeviceEvent, type DeviceEventRow, listDeviceEvents } from '../intake/device-event-store.ts';
import { deviceLimits } from '../intake/device-limits.ts';
import { type DeviceSecrets, newDeviceSecret } from '../intake/device-secret.ts';
import {
  type CertificateRow,
  type DeviceRow,
  deletePin,
  findDeviceRow,
  insertPin,
  listCertificates,
  listDeviceRows,
  listPins,
  lockDevice,
  setRevoked,
  setSecret,
} from './device-credential-store.ts';
import { readCursor, writeCursor } from './list-cursor.ts';
import {
  type Actor,
  insertStaffAction,
  listStaffActions,
  type StaffAction,
  type StaffActionRow,
} from './staff-action-store.ts';

const ACTIONS_SHOWN = 50;

export interface DeviceDetail extends DeviceRow {
  pins: { spki_sha256: Buffer; added_at: Date }[];
  certificates: CertificateRow[];
  actions: StaffActionRow[];
}

export type DeviceCredentials = ReturnType<typeof createDeviceCredentials>;

export function createDeviceCredentials(options: { pool: Pool; clock: Clock; random: Random; secrets: DeviceSecrets }) {
  const { pool, clock, random, secrets } = options;
  const now = () => new Date(clock.now_ms());

  /** Changes a device and writes down who did it, both or neither. @throws DEVICE_UNKNOWN */
  function change<T>(
    deviceId: string,
    actor: Actor,
    did: Pick<StaffAction, 'action' | 'subject' | 'reason'>,
    work: (transaction: Transaction, device: DeviceRow) => Promise<T>,
  ): Promise<T> {
    return inTransaction(pool, async (transaction) => {
      const device = await lockDevice(transaction, deviceId);
      if (device === null) throw problem('DEVICE_UNKNOWN');
      const result = await work(transaction, device);
      await insertStaffAction(transaction, { at: now(), actor, deviceNo: device.device_no, ...did });
      return result;
    });
  }

  return {
    async listDevices(wanted: {
      cursor: string | null;
      search: string | null;
      revoked: boolean | null;
      limit: number;
    }): Promise<{ devices: DeviceRow[]; next_cursor: string | null }> {
      const { cursor, search, revoked, limit } = wanted;
      const rows = await listDeviceRows(pool, { after: cursor, search, revoked, limit: limit + 1 });
      const devices = rows.slice(0, limit);
      return { devices, next_cursor: rows.length > limit ? (devices.at(-1)?.device_id ?? null) : null };
    },

    /** @throws DEVICE_UNKNOWN */
    async getDevice(deviceId: string): Promise<DeviceDetail> {
      const device = await findDeviceRow(pool, deviceId);
      if (device === null) throw problem('DEVICE_UNKNOWN');
      const [pins, certificates, actions] = await Promise.all([
        listPins(pool, device.device_no),
        listCertificates(pool, device.device_no),
        listStaffActions(pool, device.device_no, ACTIONS_SHOWN),
      ]);
      return { ...device, pins, certificates, actions };
    },

    /** Nothing that the device may show lets it in any more; a connection that is open is cut. @throws DEVICE_UNKNOWN */
    revokeDevice: (deviceId: string, reason: string, actor: Actor): Promise<void> =>
      change(deviceId, actor, { action: 'device_revoked', reason }, (transaction, device) =>
        setRevoked(transaction, device.device_no, { at: device.revoked_at ?? now(), reason }),
      ),

    /** What it could show before is good again, but for certificates revoked on their own. @throws DEVICE_UNKNOWN */
    restoreDevice: (deviceId: string, reason: string, actor: Actor): Promise<void> =>
      change(deviceId, actor, { action: 'device_restored', reason }, (transaction, device) =>
        setRevoked(transaction, device.device_no, null),
      ),

    /**
     * Gives the device a new secret. The one it has stays good for `grace_s` seconds, so that it can be told the new one
     * while it is connected; at their end a connection that still lives by it is cut. With 0 that is at once.
     *
     * @throws DEVICE_UNKNOWN, DEVICE_REVOKED
     */
    rotateSecret: (deviceId: string, grace_s: number, actor: Actor): Promise<string> =>
      change(deviceId, actor, { action: 'secret_rotated' }, async (transaction, device) => {
        if (device.revoked_at !== null) throw problem('DEVICE_REVOKED');
        const secret = newDeviceSecret(random);
        const until = grace_s === 0 ? null : new Date(clock.now_ms() + grace_s * 1_000);
        await setSecret(transaction, device.device_no, secrets.hashOf(deviceId, secret), until);
        return secret;
      }),

    /** @param spki SHA-256 of the public key, 32 bytes. @throws DEVICE_UNKNOWN, CONFLICT where there are too many */
    addPin: (deviceId: string, spki: Buffer, actor: Actor): Promise<void> =>
      change(deviceId, actor, { action: 'pin_added', subject: spki.toString('hex') }, async (transaction, device) => {
        const pins = await listPins(transaction, device.device_no);
        if (pins.length >= deviceLimits.pinsPerDevice)
          throw problem('CONFLICT', `The device has ${pins.length} pinned keys; remove one first.`);
        await insertPin(transaction, device.device_no, spki, now());
      }),

    /** @throws DEVICE_UNKNOWN, NOT_FOUND */
    removePin: (deviceId: string, spki: Buffer, actor: Actor): Promise<void> =>
      change(deviceId, actor, { action: 'pin_removed', subject: spki.toString('hex') }, async (transaction, device) => {
        if (!(await deletePin(transaction, device.device_no, spki))) throw problem('NOT_FOUND');
      }),

    /** Newest first. @throws REQUEST_INVALID for a cursor that is none */
    async listEvents(wanted: {
      cursor: string | null;
      open: boolean | null;
      limit: number;
    }): Promise<{ events: DeviceEventRow[]; next_cursor: string | null }> {
      const mark = wanted.cursor === null ? null : readCursor(wanted.cursor);
      if (wanted.cursor !== null && mark === null)
        throw problem('REQUEST_INVALID', 'querystring/cursor: not one of this list; leave it out to begin anew');
      const after = mark === null ? null : { last_at_ms: Number(mark.first), eventId: mark.second };
      const rows = await listDeviceEvents(pool, { open: wanted.open, after, limit: wanted.limit + 1 });
      const events = rows.slice(0, wanted.limit);
      const last = rows.length > wanted.limit ? events.at(-1) : undefined;
      return { events, next_cursor: last === undefined ? null : writeCursor(last.last_at.getTime(), last.event_id) };
    },

    /** Seen to: the next of its kind opens another. @throws DEVICE_EVENT_UNKNOWN */
    async closeEvent(eventId: number, actor: Actor): Promise<void> {
      await inTransaction(pool, async (transaction) => {
        const closed = await closeDeviceEvent(transaction, eventId, now());
        if (closed === null) throw problem('DEVICE_EVENT_UNKNOWN');
        await insertStaffAction(transaction, {
          ...{ at: now(), actor, action: 'event_closed', deviceNo: closed.deviceNo, subject: String(eventId) },
        });
      });
    },
  };
}
