// What the commit remembers of a device while it sends: hints that save questions to the database, never the truth.
//
// A lane is of one device over one connection. It knows how late the newest reading is that went the fast way, so that
// what is newer may go that way too; what another process stored meanwhile is found out by the table's own constraint.
import { senmlJson } from '../../../devices/senml-json.ts';
import type { Device } from './uplink.ts';

export class DeviceLane {
  readonly device: Device;
  readonly connectedAt_ms: number;
  /** The meter's serial as it stands in telegrams of our own format, for comparing bytes with bytes. */
  readonly serial: Uint8Array | null;
  readonly sendsSenml: boolean;
  /** Uplinks taken and not yet settled. */
  inFlight = 0;
  /** The lane of the connection before, while uplinks of it are in flight. */
  earlier: DeviceLane | null;
  /**
   * The newest reading stored of the meter when this connection began; negative infinity where there is none, NaN while
   * nobody has asked. Nothing later can be the redelivery of something stored before.
   */
  storedBefore_ms = Number.NaN;
  /** Readings up to here may be stored already. */
  mark_ms = Number.NEGATIVE_INFINITY;

  constructor(device: Device, connectedAt_ms: number, earlier: DeviceLane | null) {
    this.device = device;
    this.connectedAt_ms = connectedAt_ms;
    this.earlier = earlier;
    this.sendsSenml = device.formats.includes(senmlJson.name);
    this.serial = device.meter === null ? null : new TextEncoder().encode(device.meter.serial);
  }

  /** @param isLasting false where an earlier connection has uplinks in flight: what they bring is asked for again */
  learnt(newest_ms: number, isLasting: boolean): void {
    if (isLasting) this.storedBefore_ms = newest_ms;
  }

  hasEarlierInFlight(): boolean {
    for (let lane = this.earlier; lane !== null; lane = lane.earlier) if (lane.inFlight > 0) return true;
    this.earlier = null;
    return false;
  }
}

/** The lanes of the devices that sent lately, `most` of them at least; those in flight are never forgotten. */
export class DeviceLanes {
  readonly #most: number;
  #recent = new Map<number, DeviceLane>();
  #older = new Map<number, DeviceLane>();

  constructor(most: number) {
    this.#most = most;
  }

  of(device: Device, connectedAt_ms: number): DeviceLane {
    const known = this.#recent.get(device.deviceNo) ?? this.#older.get(device.deviceNo);
    if (known !== undefined && known.device === device && known.connectedAt_ms === connectedAt_ms) return known;
    const isInFlight = known !== undefined && (known.inFlight > 0 || known.hasEarlierInFlight());
    const lane = new DeviceLane(device, connectedAt_ms, isInFlight ? known : null);
    if (this.#recent.size >= this.#most) {
      for (const [deviceNo, old] of this.#older)
        if (old.inFlight > 0 && !this.#recent.has(deviceNo)) this.#recent.set(deviceNo, old);
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    if (known !== undefined && known.device.meter?.meterId === device.meter?.meterId) lane.mark_ms = known.mark_ms;
    this.#recent.set(device.deviceNo, lane);
    return lane;
  }
}
