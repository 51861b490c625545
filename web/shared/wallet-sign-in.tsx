// Signing in with the wallet: on this device, or by a QR code with the wallet of another.
import { useEffect, useRef, useState } from 'preact/hooks';
import { CopyButton } from './copy-button.tsx';
import { type Text, useSpeech } from './language.tsx';
import { Loading, Notice, ProblemNotice } from './notices.tsx';
import { QrCode } from './qr-code.tsx';
import { askService, asServiceProblem, ServiceProblem } from './service-client.ts';
import type { SignInStart, SignInState } from './service-types.ts';

export interface SignInProps {
  /** Where the service begins a sign-in; one under way is below it. */
  path: string;
  /** What it is for; signing in where absent. */
  title?: Text;
  /** For who has no wallet yet. */
  advice: Text;
  onVerified: (requestId: string, responseCode: string | null) => void;
  onProblem: (problem: ServiceProblem) => void;
}

type Step =
  | { at: 'choice' }
  | { at: 'starting' }
  | { at: 'code'; start: SignInStart }
  | { at: 'expired' }
  | { at: 'failed'; problem: ServiceProblem };

const signingIn: Text = { ko: '지갑으로 로그인', en: 'Sign in with your wallet' };

export function WalletSignIn({ path, title = signingIn, advice, onVerified, onProblem }: SignInProps) {
  const { say, pick } = useSpeech();
  const [step, setStep] = useState<Step>({ at: 'choice' });

  const begin = async (mode: 'same_device' | 'cross_device'): Promise<void> => {
    setStep({ at: 'starting' });
    try {
      const start = await askService<SignInStart>(path, { mode });
      if (mode === 'same_device') location.assign(start.wallet_link);
      else setStep({ at: 'code', start });
    } catch (error) {
      setStep({ at: 'failed', problem: asServiceProblem(error) });
    }
  };

  return (
    <section class="card sign-in" aria-labelledby="sign-in-title">
      <div class="stack">
        <h2 id="sign-in-title">{pick(title)}</h2>
        <p class="soft">
          {say(
            '지갑이 이 기기에 있으면 바로 열고, 다른 기기에 있으면 QR 코드를 찍어 주세요.',
            'Open the wallet on this device, or scan a code with the device that has it.',
          )}
        </p>
        <div class="row">
          <button
            type="button"
            class="button big"
            disabled={step.at === 'starting'}
            onClick={() => begin('same_device')}
            data-testid="sign-in-same-device"
          >
            {title === signingIn
              ? say('이 기기의 지갑으로 로그인', 'Use the wallet on this device')
              : say('이 기기의 지갑 열기', 'Use the wallet on this device')}
          </button>
          <button
            type="button"
            class="button big plain"
            disabled={step.at === 'starting'}
            onClick={() => begin('cross_device')}
            data-testid="sign-in-qr"
          >
            {say('다른 기기의 지갑 (QR)', 'Another device (QR)')}
          </button>
        </div>
        <p class="small soft">{pick(advice)}</p>
      </div>
      <div class="sign-in-step">
        {step.at === 'starting' ? <Loading>{say('준비하는 중입니다…', 'Preparing…')}</Loading> : null}
        {step.at === 'failed' ? <ProblemNotice problem={step.problem} /> : null}
        {step.at === 'expired' ? (
          <Notice tone="warn" live>
            <strong>{say('QR 코드의 시간이 지났습니다.', 'The code has expired.')}</strong>
            <button type="button" class="button quiet" onClick={() => begin('cross_device')}>
              {say('새 코드 만들기', 'Make a new code')}
            </button>
          </Notice>
        ) : null}
        {step.at === 'code' ? (
          <Code
            path={path}
            start={step.start}
            onExpired={() => setStep({ at: 'expired' })}
            onVerified={onVerified}
            onProblem={onProblem}
          />
        ) : null}
      </div>
    </section>
  );
}

const poll_ms = 1_500;

function Code({
  path,
  start,
  onExpired,
  onVerified,
  onProblem,
}: Omit<SignInProps, 'title' | 'advice'> & { start: SignInStart; onExpired: () => void }) {
  const { say } = useSpeech();
  useEffect(() => {
    const stop = new AbortController();
    const ask = async (): Promise<void> => {
      const asked = `${path}/${encodeURIComponent(start.request_id)}`;
      const answer = await askService<SignInState>(asked, undefined, stop.signal).catch((error: unknown) =>
        asServiceProblem(error).status === 404 ? ({ state: 'expired' } as SignInState) : null,
      );
      if (stop.signal.aborted || answer === null || answer.state === 'waiting') return;
      clearInterval(timer);
      if (answer.state === 'verified') onVerified(start.request_id, null);
      else if (answer.state === 'expired') onExpired();
      else onProblem(refusalWith(answer));
    };
    const timer = setInterval(ask, poll_ms);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [path, start, onExpired, onVerified, onProblem]);

  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.scrollIntoView({ block: 'nearest' }), []);

  return (
    <div class="stack" ref={place}>
      <QrCode
        content={start.wallet_link}
        label={say('지갑이 있는 기기로 찍는 QR 코드', 'QR code for the device that has the wallet')}
        testId="sign-in-qr-code"
      />
      <p role="status">
        {say(
          '지갑이 있는 기기의 카메라로 찍어 주세요. 승인하면 이 화면이 스스로 넘어갑니다.',
          'Scan with the device that has your wallet. This page continues by itself once you agree there.',
        )}
      </p>
      <CopyButton
        text={start.authorization_request}
        label={say('지갑에 붙여 넣을 주소 복사', 'Copy the request to paste into a wallet')}
      />
    </div>
  );
}

function refusalWith(answer: SignInState): ServiceProblem {
  const failed = answer.trace?.find(({ outcome }) => outcome === 'failed');
  return new ServiceProblem(failed?.reason ?? 'PRESENTATION_DECLINED', 403, 'the presentation was refused', {
    trace: answer.trace ?? [],
  });
}
