// "Check this bill": fetches a bill's proof, works it out in this very page, and says of each step what it found.
import { useState } from 'preact/hooks';
import type { BillDocument } from '../../src/metering/billing/bill-document.ts';
import { type ProofStep, stepNames } from '../../src/metering/proofs/proof-steps.ts';
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { CheckedBill } from './check-bill.ts';
import './bill-check.css';

type Check =
  | { state: 'not_asked' }
  | { state: 'working' }
  | { state: 'failed'; problem: ServiceProblem }
  | { state: 'checked'; file: unknown; checked: CheckedBill };

/** @param path of the bill's own route */
export function BillCheck({ path, bill }: { path: string; bill: BillDocument }) {
  const { say } = useSpeech();
  const [check, setCheck] = useState<Check>({ state: 'not_asked' });

  async function work(): Promise<void> {
    setCheck({ state: 'working' });
    try {
      const [file, { checkBill }] = await Promise.all([
        askService<unknown>(`${path}/proof`),
        import('./check-bill.ts'),
      ]);
      setCheck({ state: 'checked', file, checked: checkBill(file, bill) });
    } catch (error) {
      setCheck({ state: 'failed', problem: asServiceProblem(error) });
    }
  }

  return (
    <section class="card" aria-labelledby="check-title">
      <div class="stack">
        <h2 id="check-title">{say('이 요금 확인하기', 'Check this bill')}</h2>
        <p class="soft">
          {say(
            '요금부터 계량기가 보낸 바이트, 그리고 공개 장부까지 이 화면이 직접 다시 계산합니다. 시를 믿지 않아도 됩니다.',
            'This page works it all out again, from the won to the bytes your meter sent and the public ledger. You need not trust the city.',
          )}
        </p>
        {check.state === 'working' ? <Loading>{say('다시 계산하는 중입니다…', 'Working it out…')}</Loading> : null}
        {check.state === 'failed' ? <ProblemNotice problem={check.problem} again={() => void work()} /> : null}
        {check.state === 'checked' ? <Found {...check} number={bill.number} /> : null}
        {check.state === 'working' || check.state === 'failed' ? null : (
          <p>
            <button
              type="button"
              class={`button${check.state === 'checked' ? ' plain' : ''}`}
              onClick={work}
              data-testid="check-bill"
            >
              {check.state === 'checked' ? say('다시 확인하기', 'Check again') : say('확인하기', 'Check')}
            </button>
          </p>
        )}
      </div>
    </section>
  );
}

function Found({ file, checked, number }: { file: unknown; checked: CheckedBill; number: string }) {
  const { say, pick } = useSpeech();
  const broken = checked.steps.find(({ passed }) => passed === false);
  return (
    <>
      {broken === undefined ? (
        <Notice tone="good" testId="bill-proven">
          {say(
            '모두 맞습니다. 이 요금의 한 원 한 원이 계량기가 보낸 값으로 이어집니다.',
            'All of it holds: every won of this bill leads back to what your meter sent.',
          )}
        </Notice>
      ) : (
        <Notice tone="bad" testId="bill-broken" live>
          <strong>
            {say('여기서 어긋납니다', 'It breaks here')}: {pick(stepNames[broken.step])}
          </strong>
          <span>{pick(broken.says)}</span>
          <span>{say('아래 파일을 저장해 시에 알려 주세요.', 'Please save the file below and tell the city.')}</span>
        </Notice>
      )}
      <ol class="proof-steps">
        {checked.steps.map((step) => (
          <Step key={step.step} step={step} checked={checked} />
        ))}
      </ol>
      <Save file={file} number={number} />
    </>
  );
}

const tones = { true: 'good', false: 'bad', null: 'quiet' } as const;

function Step({ step: { step, passed, says, breaks }, checked }: { step: ProofStep; checked: CheckedBill }) {
  const { say, pick } = useSpeech();
  const tone = tones[`${passed}`];
  const words = {
    good: say('맞음', 'Holds'),
    bad: say('어긋남', 'Broken'),
    quiet: say('직접 견주기', 'For you to compare'),
  };
  return (
    <li data-testid={`proof-step-${step}`} data-passed={String(passed)}>
      <p class="row">
        <strong>{pick(stepNames[step])}</strong>
        <span class={`badge ${tone}`}>{words[tone]}</span>
      </p>
      <p class="small">{pick(says)}</p>
      {breaks.length > 1 ? (
        <ul class="small">
          {breaks.slice(1).map((one) => (
            <li key={one.says.en}>{pick(one.says)}</li>
          ))}
        </ul>
      ) : null}
      <Detail step={step} checked={checked} />
    </li>
  );
}

/** What stands behind a step, folded away. */
function Detail({ step, checked: { proof, document } }: { step: ProofStep['step']; checked: CheckedBill }) {
  const { say, language } = useSpeech();
  if (proof === null || document === null) return null;
  const days = proof.zone_days;
  switch (step) {
    case 'price':
      return (
        <Folded summary={say('항목별 금액', 'What it is made of')}>
          {document.components.map(({ id, name, amount_won }) => (
            <Fact key={id} name={name[language]} value={`${amount_won}`} />
          ))}
          <Fact name={say('요금표 해시', 'Hash of the tariff')} value={document.tariff.sha256} />
        </Folded>
      );
    case 'use':
      return (
        <Folded summary={say('날짜별 사용량', 'Use by the day')}>
          {proof.use.parts.map(({ install, from, days_l }) => (
            <Fact key={install} name={`${from}~`} value={`${days_l.join(', ')} L`} />
          ))}
        </Folded>
      );
    case 'readings':
      return (
        <Folded summary={say('날마다의 해시', 'The hash of each day')}>
          {days.flatMap(({ day, version, meter_days }) =>
            meter_days.map(({ install, leaf }) => (
              <Fact
                key={`${day} ${install}`}
                name={version === 1 ? day : say(`${day} (${version}판)`, `${day} (version ${version})`)}
                value={leaf}
              />
            )),
          )}
        </Folded>
      );
    case 'bytes':
      return <Bytes days={days} />;
    case 'chain':
      return (
        <Folded summary={say('계약과 거래', 'Contract and transaction')}>
          <Fact name={say('체인 번호', 'Chain')} value={String(proof.chain.chain_id)} />
          <Fact name={say('계약 주소', 'Contract')} value={proof.chain.contract} />
          <Fact name={say('등록부', 'Registry')} value={proof.chain.registry_id} />
          {proof.epochs.flatMap(({ epoch, root, transaction, block }) => [
            <Fact key={`${epoch} root`} name={say(`회차 ${epoch} 루트`, `Root of epoch ${epoch}`)} value={root} />,
            <Fact
              key={`${epoch} tx`}
              name={say('거래', 'Transaction')}
              value={transaction}
              testId="proof-transaction"
            />,
            <Fact
              key={`${epoch} block`}
              name={say('블록', 'Block')}
              value={`${block.number} · ${dateTime(block.timestamp, language)}`}
            />,
          ])}
        </Folded>
      );
    default:
      return null;
  }
}

/** The last uplink that is shown, as it came: an example of what the others are. */
function Bytes({ days }: { days: NonNullable<CheckedBill['proof']>['zone_days'] }) {
  const { say } = useSpeech();
  const uplinks = days.flatMap(({ meter_days }) =>
    meter_days.flatMap((one) => (typeof one.uplinks === 'string' ? [] : one.uplinks)),
  );
  const last = uplinks.findLast((one) => !('hash' in one));
  if (last === undefined || 'hash' in last) return null;
  return (
    <Folded summary={say('마지막 전송 하나', 'One uplink, the last')}>
      <Fact name={say('전송 번호', 'Uplink')} value={String(last.uplink_id)} />
      <Fact name={say('형식', 'Format')} value={last.format} />
      <Fact name={say('바이트', 'Bytes')} value={last.payload} />
      <Fact name="SHA-256" value={last.sha256} />
    </Folded>
  );
}

function Folded({ summary, children }: { summary: string; children: preact.ComponentChildren }) {
  return (
    <details>
      <summary class="small">{summary}</summary>
      <dl class="facts small">{children}</dl>
    </details>
  );
}

function Fact({ name, value, testId }: { name: string; value: string; testId?: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code data-testid={testId}>{value}</code>
      </dd>
    </>
  );
}

function Save({ file, number }: { file: unknown; number: string }) {
  const { say } = useSpeech();
  const address = `data:application/json;charset=utf-8,${encodeURIComponent(JSON.stringify(file))}`;
  return (
    <p class="small">
      <a href={address} download={`${number}.proof.json`}>
        {say('증명 파일 저장', 'Save the proof')}
      </a>{' '}
      · <code>naru verify-bill {number}.proof.json --rpc …</code>
    </p>
  );
}
