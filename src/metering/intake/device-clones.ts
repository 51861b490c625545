// Tells two devices with one identity from one device with a bad radio, by how connections take each other's place.
//
// A device that lost its network comes again, perhaps from another address, and takes over its own dead connection: once,
// and not back. Two that hold one identity throw each other out for as long as both live: the address that was thrown
// out comes back, again and again.
import { deviceLimits } from './device-limits.ts';

interface Takeover {
  from: string;
  to: string;
  at_ms: number;
}

export interface Flapping {
  takeovers: number;
  addresses: string[];
}

export class CloneDetector {
  readonly #devices = new Map<string, Takeover[]>();

  /**
   * A connection took the place of one that was still open.
   *
   * @param from network address of the old connection; `to`: of the new one
   * @returns what was seen, where it makes an alarm; the count then begins anew
   */
  takeover(deviceId: string, from: string, to: string, at_ms: number): Flapping | null {
    const since_ms = at_ms - deviceLimits.takeoverWindow_ms;
    const seen = (this.#devices.get(deviceId) ?? []).filter((one) => one.at_ms >= since_ms);
    seen.push({ from, to, at_ms });
    this.#devices.delete(deviceId);
    if (isFlapping(seen, at_ms)) {
      return { takeovers: seen.length, addresses: [...new Set(seen.flatMap((one) => [one.from, one.to]))] };
    }
    if (this.#devices.size >= deviceLimits.takeoverDevices) this.#forgetOldest();
    this.#devices.set(deviceId, seen.slice(-deviceLimits.takeoversRemembered));
    return null;
  }

  #forgetOldest(): void {
    const [oldest] = this.#devices.keys();
    if (oldest !== undefined) this.#devices.delete(oldest);
  }
}

function isFlapping(seen: readonly Takeover[], at_ms: number): boolean {
  const returns = seen.filter(
    ({ from, to }, index) => from !== to && seen.slice(0, index).some((earlier) => earlier.from === to),
  );
  if (returns.length >= deviceLimits.flappingReturns) return true;
  return seen.filter((one) => one.at_ms > at_ms - 60_000).length >= deviceLimits.flappingPerMinute;
}
