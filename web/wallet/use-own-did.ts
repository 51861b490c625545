// The wallet's DID as every page sees it: checked at each opening and at each change of page, again while it is in motion.
import { useRef } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { useRemote } from '../shared/remote.ts';
import type { DidCheck } from './core/judge-own-did.ts';
import type { Wallet } from './core/wallet.ts';

const recheck_ms = 5_000;

export type OwnDidState = { again: () => void } & (
  | { state: 'opening' }
  /** The wallet is fresh: the person has neither started nor recovered. */
  | { state: 'none' }
  /** It could not even be made: the service is away. */
  | { state: 'failed' }
  | { state: 'known'; check: DidCheck }
);

/** @param page asks again when it changes */
export function useOwnDid(wallet: Wallet, page: string): OwnDidState {
  const { language } = useSpeech();
  const last = useRef<OwnDidState | null>(null);
  const [asked, again] = useRemote<DidCheck | null>(
    async () => {
      // Who holds credentials has started: a link was followed, and nothing more is asked of them.
      const started = (await wallet.did.read()) === null && (await wallet.listCredentials()).length > 0;
      if (started) await wallet.did.ensure(language);
      return wallet.did.check();
    },
    [page],
    recheck_ms,
    isSettled,
  );
  if (asked.state === 'loading') return last.current ?? { state: 'opening', again };
  const state = ((): OwnDidState => {
    if (asked.state === 'failed') return { state: 'failed', again };
    return asked.value === null ? { state: 'none', again } : { state: 'known', check: asked.value, again };
  })();
  last.current = state;
  return state;
}

function isSettled(check: DidCheck | null): boolean {
  if (check === null || check.outcome === 'ended' || check.outcome === 'warned') return true;
  return check.outcome === 'fine' && check.anchor?.status === 'final';
}
