// Reads a list of the registry in: checked first, watched while it goes on, mistakes by line and column; sent again after
// an interruption, it goes on where it stopped.
import { useEffect, useState } from 'preact/hooks';
import { shortDateTime } from '../shared/format.ts';
import { type Text, useSpeech } from '../shared/language.tsx';
import { Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService, asServiceProblem, type ServiceProblem, sendFile } from '../shared/service-client.ts';
import { ListFaults } from './list-faults.tsx';
import { ListFile, ListProgress } from './list-file.tsx';
import type { RegistryImports, RegistryListName } from './zone-types.ts';

const listNames: Record<RegistryListName, Text> = {
  zones: { ko: '구역', en: 'Zones' },
  places: { ko: '수용가', en: 'Places' },
  installs: { ko: '계량기 설치', en: 'Installs' },
  inlets: { ko: '구역 유입', en: 'Inlets' },
  exceptions: { ko: '수용가 요금 예외', en: 'Exceptions of places' },
};

type Step =
  | { at: 'ready' }
  | { at: 'sending'; checkOnly: boolean }
  | { at: 'done'; checkOnly: boolean; rows: number; before: number }
  | { at: 'failed'; problem: ServiceProblem };

const refresh_ms = 1_000;

export function RegistryImportForm({ onDone }: { onDone: () => void }) {
  const { say, pick } = useSpeech();
  const [list, setList] = useState<RegistryListName>('zones');
  const [file, setFile] = useState<File | null>(null);
  const [step, setStep] = useState<Step>({ at: 'ready' });
  const isSending = step.at === 'sending';
  const isReadIn = step.at === 'sending' && !step.checkOnly;
  const [remote, again] = useRemote<RegistryImports>(
    (signal) => askService('/api/utility/registry/imports', undefined, signal),
    [step.at],
    isReadIn ? refresh_ms : null,
  );
  const [known, setKnown] = useState<RegistryImports | null>(null);
  useEffect(() => {
    if (remote.state === 'ready') setKnown(remote.value);
  }, [remote]);

  const send = async (checkOnly: boolean): Promise<void> => {
    if (file === null) return;
    setStep({ at: 'sending', checkOnly });
    try {
      const path = `/api/utility/registry/${list}?dry_run=${checkOnly}`;
      const answer = await sendFile<{ rows: number; before: number }>(path, file, 'text/csv');
      setStep({ at: 'done', checkOnly, ...answer });
      if (!checkOnly) onDone();
    } catch (error) {
      setStep({ at: 'failed', problem: asServiceProblem(error) });
    }
  };

  return (
    <section class="card" aria-labelledby="registry-import-title">
      <form
        class="section"
        onSubmit={(event) => {
          event.preventDefault();
          void send(false);
        }}
      >
        <h2 id="registry-import-title">{say('목록 올리기 (CSV)', 'Read in a list (CSV)')}</h2>
        <div class="field">
          <label for="registry-list">{say('목록', 'List')}</label>
          <select
            id="registry-list"
            class="input"
            value={list}
            onChange={(event) => {
              setList(event.currentTarget.value as RegistryListName);
              setStep({ at: 'ready' });
            }}
            data-testid="registry-list"
          >
            {(Object.keys(listNames) as RegistryListName[]).map((each) => (
              <option key={each} value={each}>
                {pick(listNames[each])}
              </option>
            ))}
          </select>
          <span class="hint">
            {say('제목 줄의 열: ', 'Columns of the heading: ')}
            <code>{columnsOf(known, list)}</code>
          </span>
        </div>
        <ListFile
          id="registry-file"
          disabled={isSending}
          onChoose={(chosen) => {
            setFile(chosen);
            setStep({ at: 'ready' });
          }}
        />
        <div class="row">
          <button
            type="button"
            class="button plain"
            disabled={file === null || isSending}
            onClick={() => send(true)}
            data-testid="registry-check"
          >
            {say('먼저 확인하기', 'Check first')}
          </button>
          <button type="submit" class="button" disabled={file === null || isSending} data-testid="registry-read">
            {say('올리기', 'Read in')}
          </button>
        </div>
        <Outcome step={step} />
        {remote.state === 'failed' && known === null ? <ProblemNotice problem={remote.problem} again={again} /> : null}
        {known === null ? null : <Progress imports={known.imports} busy={isReadIn} />}
      </form>
    </section>
  );
}

/** Those that may be left out in brackets. */
function columnsOf(known: RegistryImports | null, list: RegistryListName): string {
  const found = known?.lists.find((each) => each.list === list);
  return found === undefined ? '…' : [...found.needed, ...found.wanted.map((column) => `[${column}]`)].join(', ');
}

function Outcome({ step }: { step: Step }) {
  const { say } = useSpeech();
  if (step.at === 'sending') return <Loading>{say('읽는 중입니다…', 'Reading…')}</Loading>;
  if (step.at === 'done') {
    const { rows, before } = step;
    return (
      <Notice tone="good" live testId={step.checkOnly ? 'registry-checked' : 'registry-done'}>
        {step.checkOnly
          ? say(
              `${rows}줄에 잘못이 없습니다. 아직 아무것도 바꾸지 않았습니다.`,
              `${rows} rows, nothing wrong; nothing is changed yet.`,
            )
          : say(
              `${rows}줄을 올렸습니다.${before > 0 ? ` 그 가운데 ${before}줄은 전에 올린 것입니다.` : ''}`,
              `${rows} rows read in${before > 0 ? `, ${before} of them by an earlier try` : ''}.`,
            )}
      </Notice>
    );
  }
  if (step.at !== 'failed') return null;
  return (
    <ListFaults problem={step.problem} testId="registry-faults">
      {say(
        '고쳐서 다시 올려 주세요. 앞서 끝난 줄은 건너뛰고 멈춘 곳부터 이어집니다.',
        'Mend the file and send it again: rows that are read in stay, and said again they change nothing.',
      )}
    </ListFaults>
  );
}

/** Of the list that is being read in, and of those that stopped half-way. */
function Progress({ imports, busy }: { imports: RegistryImports['imports']; busy: boolean }) {
  const { say, pick, language } = useSpeech();
  if (imports.length === 0) return null;
  return (
    <details open={busy}>
      <summary>{say('최근에 올린 목록', 'Lists that came last')}</summary>
      <ul class="issued">
        {imports.map((each) => (
          <li key={each.list + each.file_sha256} class="issued-row" data-testid="registry-import">
            <ListProgress
              name={pick(listNames[each.list as RegistryListName] ?? { ko: each.list, en: each.list })}
              badge={{
                tone: each.rows_done === each.rows_all ? 'good' : 'warn',
                text: `${each.rows_done.toLocaleString(language)} / ${each.rows_all.toLocaleString(language)}`,
              }}
              bar={each.rows_done === each.rows_all ? null : { done: each.rows_done, all: each.rows_all }}
              beside={shortDateTime(each.updated_at, language)}
            >
              {busy || each.rows_done === each.rows_all ? null : (
                <p class="small">
                  {say('같은 파일을 다시 올리면 이어서 읽습니다.', 'Send the same file again, and it goes on here.')}
                </p>
              )}
            </ListProgress>
          </li>
        ))}
      </ul>
    </details>
  );
}
