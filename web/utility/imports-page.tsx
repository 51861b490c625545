// Registers that become offers: checked, imported, watched, and their links and codes taken as two files.
import { useState } from 'preact/hooks';
import type { CredentialForm } from '../../src/identity/credentials/claim-form.ts';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService, asServiceProblem, type ServiceProblem, sendFile } from '../shared/service-client.ts';
import { ImportList } from './import-list.tsx';
import { ListFaults } from './list-faults.tsx';
import { ListFile } from './list-file.tsx';

type Step =
  | { at: 'ready' }
  | { at: 'sending' }
  | { at: 'checked'; rows: number; known: number }
  | { at: 'begun'; repeated: boolean }
  | { at: 'failed'; problem: ServiceProblem };

export function ImportsPage() {
  const { say } = useSpeech();
  const [types, again] = useRemote<{ types: CredentialForm[] }>(
    (signal) => askService('/api/utility/desk/types', undefined, signal),
    [],
  );
  const [turn, setTurn] = useState(0);
  return (
    <>
      <div class="stack">
        <PageTitle>{say('일괄 발급', 'Imports')}</PageTitle>
        <p class="lead">
          {say(
            '명부(CSV)의 한 줄마다 발급 안내를 하나씩 만듭니다. 링크와 확인 번호는 서로 다른 파일이며, 서로 다른 길로 보내야 합니다.',
            'Each row of a register (CSV) becomes an offer. Links and codes are two files, and go to people by two ways.',
          )}
        </p>
      </div>
      {types.state === 'loading' ? <Loading /> : null}
      {types.state === 'failed' ? <ProblemNotice problem={types.problem} again={again} /> : null}
      {types.state === 'ready' ? <NewImport forms={types.value.types} onBegun={() => setTurn(turn + 1)} /> : null}
      <ImportList turn={turn} />
    </>
  );
}

function NewImport({ forms, onBegun }: { forms: readonly CredentialForm[]; onBegun: () => void }) {
  const { say, pick } = useSpeech();
  const [type, setType] = useState(forms[0]?.type ?? '');
  const [days, setDays] = useState('14');
  const [file, setFile] = useState<File | null>(null);
  const [step, setStep] = useState<Step>({ at: 'ready' });
  const form = forms.find((each) => each.type === type);

  const send = async (checkOnly: boolean): Promise<void> => {
    if (file === null) return;
    setStep({ at: 'sending' });
    try {
      const query = new URLSearchParams({ type, ...(checkOnly ? {} : { valid_days: days }) });
      const path = `/api/utility/imports${checkOnly ? '/check' : ''}?${query}`;
      const answer = await sendFile<{ rows: number; known: number; repeated: boolean }>(path, file, 'text/csv');
      setStep(checkOnly ? { at: 'checked', ...answer } : { at: 'begun', repeated: answer.repeated });
      if (!checkOnly) onBegun();
    } catch (error) {
      setStep({ at: 'failed', problem: asServiceProblem(error) });
    }
  };

  return (
    <section class="card" aria-labelledby="new-import-title">
      <form
        class="section"
        onSubmit={(event) => {
          event.preventDefault();
          void send(false);
        }}
      >
        <h2 id="new-import-title">{say('명부 올리기', 'Import a register')}</h2>
        <div class="field">
          <label for="import-type">{say('증명서 종류', 'Type of credential')}</label>
          <select
            id="import-type"
            class="input"
            value={type}
            onChange={(event) => setType(event.currentTarget.value)}
            data-testid="import-type"
          >
            {forms.map((each) => (
              <option key={each.type} value={each.type}>
                {pick(each.name)}
              </option>
            ))}
          </select>
        </div>
        {form === undefined ? null : <Columns form={form} />}
        <ListFile
          id="import-file"
          disabled={step.at === 'sending'}
          onChoose={(chosen) => {
            setFile(chosen);
            setStep({ at: 'ready' });
          }}
        />
        <div class="field">
          <label for="import-days">{say('받을 수 있는 날수', 'Days to take the offers')}</label>
          <input
            id="import-days"
            class="input"
            type="number"
            min={1}
            max={60}
            required
            value={days}
            onInput={(event) => setDays(event.currentTarget.value)}
          />
        </div>
        <div class="row">
          <button
            type="button"
            class="button plain"
            disabled={file === null || step.at === 'sending'}
            onClick={() => send(true)}
            data-testid="import-check"
          >
            {say('먼저 확인하기', 'Check first')}
          </button>
          <button
            type="submit"
            class="button"
            disabled={file === null || step.at === 'sending'}
            data-testid="import-begin"
          >
            {say('발급 안내 만들기', 'Make the offers')}
          </button>
        </div>
        <Outcome step={step} />
      </form>
    </section>
  );
}

function Columns({ form }: { form: CredentialForm }) {
  const { say, pick } = useSpeech();
  return (
    <details>
      <summary>{say('제목 줄에 쓸 열', 'Columns of the heading')}</summary>
      <ul class="small">
        <li>
          <code>key</code>{' '}
          {say(
            '관리번호: 명부에서 이 사람의 번호. 한 번만 발급됩니다.',
            "Key: the register's number of the entry; it is offered to once.",
          )}
        </li>
        {form.fields.map((field) => (
          <li key={field.name}>
            <code>{field.name}</code> {pick(field.label)}: {pick(field.rule)}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Outcome({ step }: { step: Step }) {
  const { say } = useSpeech();
  if (step.at === 'sending') return <Loading>{say('읽는 중입니다…', 'Reading…')}</Loading>;
  if (step.at === 'checked') {
    return (
      <Notice tone="good" live testId="import-checked">
        {say(
          `${step.rows}줄에 잘못이 없습니다. 그 가운데 ${step.known}줄은 이미 안내했습니다.`,
          `${step.rows} rows, nothing wrong; ${step.known} of them were offered before.`,
        )}
      </Notice>
    );
  }
  if (step.at === 'begun') {
    return (
      <Notice tone="good" live testId="import-begun">
        {step.repeated
          ? say(
              '전에 올린 파일입니다. 새로 만든 안내는 없습니다.',
              'This file was imported before; nothing is made twice.',
            )
          : say('받았습니다. 아래에서 진행을 볼 수 있습니다.', 'Taken in; its progress is below.')}
      </Notice>
    );
  }
  if (step.at !== 'failed') return null;
  return (
    <ListFaults problem={step.problem} testId="import-faults">
      {say(
        '아무것도 만들지 않았습니다. 고쳐서 다시 올려 주세요.',
        'Nothing was made. Mend the file and send it again.',
      )}
    </ListFaults>
  );
}
