// Pauses that an ending cuts short, for very many at once: one listener to the signal, not one for each of them.

export interface Pauses {
  readonly isEnding: boolean;
  /** False when the ending cut it short. */
  pause(duration_ms: number): Promise<boolean>;
  /** Resolves when the ending begins. */
  readonly ending: Promise<void>;
}

export function pausesUntil(signal: AbortSignal): Pauses {
  const waiting = new Set<() => void>();
  let end: () => void = () => {};
  const ending = new Promise<void>((resolve) => {
    end = resolve;
  });
  const onEnding = (): void => {
    end();
    for (const cut of waiting) cut();
    waiting.clear();
  };
  if (signal.aborted) onEnding();
  else signal.addEventListener('abort', onEnding, { once: true });
  return {
    get isEnding() {
      return signal.aborted;
    },
    ending,
    pause(duration_ms) {
      if (signal.aborted || duration_ms <= 0) return Promise.resolve(!signal.aborted);
      return new Promise((resolve) => {
        const cut = (): void => {
          clearTimeout(timer);
          resolve(false);
        };
        const timer = setTimeout(() => {
          waiting.delete(cut);
          resolve(true);
        }, duration_ms);
        waiting.add(cut);
      });
    },
  };
}
