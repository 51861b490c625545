// What waits for an office's approval: it is asked for again while the wallet is open, and becomes a card when it comes.
import { useEffect } from 'preact/hooks';
import { dateOnly } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import type { Wallet } from './core/wallet.ts';
import type { WaitingCredential } from './core/wallet-store.ts';

/** How often the wallet looks whether something's time has come; the issuer says how often it may be asked. */
const lookEvery_ms = 10_000;

export function WaitingList(props: { waiting: WaitingCredential[]; wallet: Wallet; onChanged: () => void }) {
  const { waiting, wallet, onChanged } = props;
  const { say, pick, language } = useSpeech();
  const open = waiting.filter(({ ended }) => !ended).length;
  useEffect(() => {
    if (open === 0) return;
    const look = async (): Promise<void> => {
      await wallet.fetchWaiting();
      const left = (await wallet.listWaiting()).filter(({ ended }) => !ended).length;
      if (left !== open) onChanged();
    };
    // What goes wrong here is tried again at the next look.
    const tryLook = () => void look().catch(() => {});
    tryLook();
    const timer = setInterval(tryLook, lookEvery_ms);
    return () => clearInterval(timer);
  }, [open]);
  const forget = async (id: string): Promise<void> => {
    await wallet.forgetWaiting(id);
    onChanged();
  };
  return (
    <ul class="held">
      {waiting.map((one) => (
        <li key={one.id} class="card stack" data-testid="waiting-credential">
          <strong>{pick(one.type_name)}</strong>
          {one.ended ? (
            <>
              <p>
                {say(
                  '발급이 거절되었거나 기한이 지났습니다. 기관에 문의해 주세요.',
                  'It was refused, or its time is over. Ask the office.',
                )}
              </p>
              <button type="button" class="button plain quiet" onClick={() => forget(one.id)}>
                {say('목록에서 지우기', 'Remove from the list')}
              </button>
            </>
          ) : (
            <p>
              {pick(one.issuer_name)}
              {say(
                '의 승인을 기다리고 있습니다. 지갑을 열어 두거나 나중에 다시 열면 받습니다.',
                ' has yet to approve it. It comes while the wallet is open, or when you open it again.',
              )}
            </p>
          )}
          <p class="small soft">
            {say('신청한 날', 'Asked for on')} {dateOnly(new Date(one.since_ms).toISOString(), language)}
          </p>
        </li>
      ))}
    </ul>
  );
}
