// How many connections each network address holds, and how many of them have not shown who they are.

interface Tally {
  unauthenticated: number;
  all: number;
}

export class AddressBook {
  readonly #tallies = new Map<string, Tally>();
  readonly #mostUnauthenticated: number;
  readonly #most: number;

  constructor(mostUnauthenticated: number, most: number) {
    this.#mostUnauthenticated = mostUnauthenticated;
    this.#most = most;
  }

  /** @returns false, counting nothing, where the address holds as many as it may */
  enter(address: string): boolean {
    const tally = this.#tallies.get(address) ?? { unauthenticated: 0, all: 0 };
    if (tally.unauthenticated >= this.#mostUnauthenticated || tally.all >= this.#most) return false;
    tally.unauthenticated += 1;
    tally.all += 1;
    this.#tallies.set(address, tally);
    return true;
  }

  authenticated(address: string): void {
    const tally = this.#tallies.get(address);
    if (tally !== undefined) tally.unauthenticated -= 1;
  }

  leave(address: string, wasAuthenticated: boolean): void {
    const tally = this.#tallies.get(address);
    if (tally === undefined) return;
    tally.all -= 1;
    if (!wasAuthenticated) tally.unauthenticated -= 1;
    if (tally.all === 0) this.#tallies.delete(address);
  }
}
