// Reductions of one's bills: which the tariff gives, how each stands, and proving one with the wallet.
import { useState } from 'preact/hooks';
import { dateOnly } from '../shared/format.ts';
import { type Text, useSpeech } from '../shared/language.tsx';
import { Empty, Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { Reduction } from '../shared/service-types.ts';
import { WalletSignIn } from '../shared/wallet-sign-in.tsx';
import { lastDay } from './bill-words.ts';

const endings: Record<string, Text> = {
  revoked: { ko: '증명서가 폐지되었습니다.', en: 'The credential was revoked.' },
  suspended: { ko: '증명서가 정지되었습니다.', en: 'The credential was suspended.' },
  expired: { ko: '증명서의 유효 기간이 끝났습니다.', en: 'The credential has expired.' },
  moved_out: { ko: '이 집에서 이사했습니다.', en: 'You moved out.' },
  account_ended: { ko: '수도 계정 증명서가 더는 유효하지 않습니다.', en: 'The water account is no longer valid.' },
  unknown: {
    ko: '증명서가 아직 유효한지 하루 동안 확인하지 못했습니다. 다시 증명해 주세요.',
    en: 'For a day nobody could tell whether the credential still holds. Please prove it again.',
  },
  given_up: { ko: '그만 받기로 했습니다.', en: 'You gave it up.' },
  replaced: { ko: '다른 증명서로 다시 증명했습니다.', en: 'It was proven again with another credential.' },
};

/** @param problem what went wrong with a proof that the wallet has just come back from */
export function ReductionsCard({ problem }: { problem: ServiceProblem | null }) {
  const { say } = useSpeech();
  const [remote, again] = useRemote<{ reductions: Reduction[] }>(
    (signal) => askService('/api/portal/reductions', undefined, signal),
    ['reductions'],
  );
  return (
    <section class="card no-print" aria-labelledby="reductions-title" data-testid="reductions">
      <div class="stack">
        <h2 id="reductions-title">{say('요금 감면', 'Reductions')}</h2>
        <p class="soft">
          {say(
            '지갑의 증명서로 증명하면 다음 요금부터 덜어 냅니다. 증명서의 내용은 보관하지 않습니다.',
            'Prove it with a credential in your wallet, and the next bill is lower. Nothing of its content is kept.',
          )}
        </p>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        {remote.state === 'loading' ? <Loading /> : null}
        {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
        {remote.state === 'ready' && remote.value.reductions.length === 0 ? (
          <Empty>
            {say('이 집의 요금표에는 증명해서 받는 감면이 없습니다.', 'The tariff here gives no reductions.')}
          </Empty>
        ) : null}
        {remote.state === 'ready'
          ? remote.value.reductions.map((reduction) => (
              <OneReduction reduction={reduction} onChange={again} key={reduction.predicate} />
            ))
          : null}
      </div>
    </section>
  );
}

function OneReduction({ reduction, onChange }: { reduction: Reduction; onChange: () => void }) {
  const { say, pick } = useSpeech();
  const [proving, setProving] = useState(false);
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  const path = `/api/portal/reductions/${encodeURIComponent(reduction.predicate)}`;
  const { standing } = reduction;
  const counts = standing !== null && standing.ended === null;

  const tell = (work: Promise<unknown>): void => {
    setProblem(null);
    work.then(
      () => {
        setProving(false);
        onChange();
      },
      (error: unknown) => setProblem(asServiceProblem(error)),
    );
  };
  return (
    <div
      class="reduction"
      data-testid="reduction"
      data-predicate={reduction.predicate}
      data-standing={standing === null ? 'none' : (standing.ended ?? 'counts')}
    >
      <h3>{pick(reduction.name)}</h3>
      <p>{pick(reduction.takes_off)}</p>
      {standing === null ? null : <Standing standing={standing} />}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {reduction.provable ? (
        <div class="row">
          {counts ? null : (
            <button
              type="button"
              class="button"
              aria-expanded={proving}
              onClick={() => setProving(!proving)}
              data-testid="reduction-prove"
            >
              {standing === null ? say('증명하고 감면받기', 'Prove it') : say('다시 증명하기', 'Prove it again')}
            </button>
          )}
          {counts && standing.mine ? (
            <button
              type="button"
              class="button plain quiet"
              onClick={() => tell(askService(`${path}/end`, {}))}
              data-testid="reduction-end"
            >
              {say('그만 받기', 'Give it up')}
            </button>
          ) : null}
        </div>
      ) : (
        <p class="small soft">{say('수도 사업소에서 신청합니다.', 'Apply for it at the water office.')}</p>
      )}
      {proving ? (
        <WalletSignIn
          path={`${path}/proof`}
          title={{ ko: '지갑으로 증명', en: 'Prove it with your wallet' }}
          advice={{
            ko: '증명서 한 장으로 한 집에서만 감면받을 수 있습니다.',
            en: 'One credential gives the reduction at one home.',
          }}
          onVerified={(id, code) =>
            tell(
              askService(
                `${path}/proof/${encodeURIComponent(id)}/complete`,
                code === null ? {} : { response_code: code },
              ),
            )
          }
          onProblem={setProblem}
        />
      ) : null}
    </div>
  );
}

function Standing({ standing }: { standing: NonNullable<Reduction['standing']> }) {
  const { say, pick, language } = useSpeech();
  const last = dateOnly(lastDay(standing.until), language);
  if (standing.ended !== null) {
    return (
      <Notice tone="warn">
        <strong>
          {say(
            `${dateOnly(standing.until, language)}부터 감면하지 않습니다.`,
            `No reduction from ${dateOnly(standing.until, language)} on.`,
          )}
        </strong>
        <span>{pick(endings[standing.ended] ?? { ko: standing.ended, en: standing.ended })}</span>
      </Notice>
    );
  }
  return (
    <Notice tone="good" testId="reduction-counts">
      <strong>
        {standing.mine
          ? say('감면받고 있습니다.', 'This reduction counts.')
          : say('이 집의 다른 사람이 증명했습니다.', 'Somebody else of this home proved it.')}
      </strong>
      <span>
        {say(
          `${dateOnly(standing.from, language)}부터, 길어도 ${last}까지.`,
          `From ${dateOnly(standing.from, language)}, at the longest until ${last}.`,
        )}
      </span>
      {standing.unconfirmed_since === null ? null : (
        <span>
          {say(
            '지금은 증명서가 아직 유효한지 확인하지 못하고 있습니다. 하루 넘게 이어지면 감면이 끝납니다.',
            'Just now nobody can tell whether the credential still holds. After a day of that the reduction ends.',
          )}
        </span>
      )}
    </Notice>
  );
}
