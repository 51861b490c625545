// How the wallet's DID stands after its last check: in a badge, and where something is wrong, in full.
import { shortDateTime } from '../shared/format.ts';
import { type Text, useSpeech } from '../shared/language.tsx';
import { Notice } from '../shared/notices.tsx';
import type { DidCheck, DidCheckOutcome } from './core/judge-own-did.ts';
import { warningSentences } from './did-warnings.ts';
import { linkTo } from './route.ts';
import type { OwnDidState } from './use-own-did.ts';

const badges: Record<DidCheckOutcome, { tone: string; text: Text }> = {
  fine: { tone: 'good', text: { ko: '공개 장부와 일치', en: 'Agrees with the public ledger' } },
  waiting: { tone: 'warn', text: { ko: '기록을 기다리는 중', en: 'Waiting to be recorded' } },
  warned: { tone: 'bad', text: { ko: '문제가 있습니다', en: 'Something is wrong' } },
  unchecked: { tone: '', text: { ko: '확인하지 못함', en: 'Not checked' } },
  ended: { tone: '', text: { ko: '지운 DID', en: 'Erased' } },
};

const explanations: Partial<Record<DidCheckOutcome, Text>> = {
  fine: {
    ko: '내 지갑이 쓴 기록 그대로이고, 공개 장부까지의 증명도 맞습니다.',
    en: 'It is as this wallet wrote it, and the proof leads to the public ledger.',
  },
  waiting: {
    ko: '서비스에는 등록되었고, 다음 회차에 공개 장부에 기록됩니다. 지금은 정상입니다.',
    en: 'The service has it; it goes on the public ledger with the next epoch. All is well.',
  },
  unchecked: {
    ko: '서비스에 연결되지 않아 지금은 확인할 수 없습니다. 잘못되었다는 뜻은 아닙니다.',
    en: 'The service is out of reach, so it cannot be checked now. That does not mean anything is wrong.',
  },
};

export function DidStatus({ check, again }: { check: DidCheck; again: () => void }) {
  const { say, pick, language } = useSpeech();
  const { tone, text } = badges[check.outcome];
  const explanation = explanations[check.outcome];
  const { ended } = check.own;
  return (
    <div class="stack wide" data-testid="did-status" data-outcome={check.outcome}>
      <p class="row">
        <span class={`badge ${tone}`} role="status">
          {ended?.how === 'deactivated' && check.outcome === 'fine' ? say('끝낸 DID', 'Ended') : pick(text)}
        </span>
        <span class="small soft">
          {check.checked_at_ms === null
            ? say('아직 확인한 적이 없습니다', 'Never checked yet')
            : `${say('마지막 확인', 'Last checked')} ${shortDateTime(new Date(check.checked_at_ms).toISOString(), language)}`}
        </span>
      </p>
      {explanation === undefined ? null : <p class="small soft">{pick(explanation)}</p>}
      {check.warnings.map((warning) => (
        <Notice key={warning} tone="bad" live testId="did-warning">
          <strong data-code={warning}>{pick(warningSentences[warning].what)}</strong>
          <span>{pick(warningSentences[warning].advice)}</span>
          {warning === 'LOG_LONGER' ? (
            <a href={linkTo({ page: 'recover' })}>{say('복구 단어로 되찾기', 'Take it back with your words')}</a>
          ) : null}
          <span class="small soft">
            {say('부호', 'Code')} <code>{warning}</code>
          </span>
        </Notice>
      ))}
      {check.outcome === 'warned' || check.outcome === 'unchecked' ? (
        <button type="button" class="button plain quiet" onClick={again} data-testid="check-again">
          {say('다시 확인', 'Check again')}
        </button>
      ) : null}
    </div>
  );
}

/** On the other pages: only that something is wrong, and where to read about it. */
export function DidAlarm({ own }: { own: OwnDidState }) {
  const { say } = useSpeech();
  if (own.state !== 'known' || own.check.outcome !== 'warned') return null;
  return (
    <Notice tone="bad" live testId="did-alarm">
      <strong>{say('내 DID에 문제가 있습니다.', 'Something is wrong with your DID.')}</strong>
      <a href={linkTo({ page: 'did' })}>{say('무엇인지 보기', 'See what it is')}</a>
    </Notice>
  );
}
