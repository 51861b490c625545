// Registers many devices from a list: it is checked and given secrets first and kept by whoever registers, then sent. So no
// secret is lost with an answer that does not arrive.
import { useEffect, useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice } from '../shared/notices.tsx';
import { asServiceProblem, type ServiceProblem, sendFile } from '../shared/service-client.ts';
import { ListFaults } from './list-faults.tsx';
import { ListFile } from './list-file.tsx';

interface Completed {
  devices: number;
  known: number;
  made: number;
  list: string;
}

type Step =
  | { at: 'ready' }
  | { at: 'checking' }
  | { at: 'checked'; completed: Completed }
  | { at: 'registering'; completed: Completed }
  | { at: 'done'; devices: number; known: number }
  | { at: 'failed'; problem: ServiceProblem; completed: Completed | null };

const path = '/api/utility/devices/csv';
const columns =
  'device_id, formats, meter_serial, meter_model, bore_mm, dials, service_point, zone_id, zone_name, usage_class, installed_at, [secret], [payload_key], [opening_register_l]';

export function DeviceListForm({ onDone }: { onDone: () => void }) {
  const { say } = useSpeech();
  const [file, setFile] = useState<File | null>(null);
  const [step, setStep] = useState<Step>({ at: 'ready' });
  const isBusy = step.at === 'checking' || step.at === 'registering';
  const completed = 'completed' in step ? step.completed : null;

  const check = async (): Promise<void> => {
    if (file === null) return;
    setStep({ at: 'checking' });
    try {
      setStep({ at: 'checked', completed: await sendFile<Completed>(`${path}/completed`, file, 'text/csv') });
    } catch (error) {
      setStep({ at: 'failed', problem: asServiceProblem(error), completed: null });
    }
  };

  const register = async (ready: Completed): Promise<void> => {
    setStep({ at: 'registering', completed: ready });
    try {
      const list = new Blob([ready.list]);
      const { devices, known } = await sendFile<{ devices: number; known: number }>(path, list, 'text/csv');
      setStep({ at: 'done', devices, known });
      onDone();
    } catch (error) {
      setStep({ at: 'failed', problem: asServiceProblem(error), completed: ready });
    }
  };

  return (
    <details class="card" data-testid="device-list">
      <summary class="section">{say('여러 대를 목록으로 등록하기 (CSV)', 'Register many from a list (CSV)')}</summary>
      <form
        class="section"
        onSubmit={(event) => {
          event.preventDefault();
          void check();
        }}
      >
        <ListFile
          id="device-list-file"
          disabled={isBusy}
          onChoose={(chosen) => {
            setFile(chosen);
            setStep({ at: 'ready' });
          }}
        >
          <span class="hint">
            {say('제목 줄의 열: ', 'Columns of the heading: ')}
            <code>{columns}</code>
          </span>
        </ListFile>
        <div class="row">
          <button type="submit" class="button" disabled={file === null || isBusy} data-testid="device-list-check">
            {say('1. 확인하고 비밀 값 채우기', '1. Check, and fill in secrets')}
          </button>
        </div>
        {step.at === 'checking' ? <Loading>{say('확인하는 중입니다…', 'Checking…')}</Loading> : null}
        {step.at === 'failed' ? (
          <ListFaults problem={step.problem} testId="device-list-faults">
            {say(
              '고쳐서 다시 확인해 주세요. 아무것도 등록하지 않았습니다.',
              'Mend the file and check it again; nothing is registered.',
            )}
          </ListFaults>
        ) : null}
        {completed === null ? null : (
          <Ready completed={completed} name={file?.name ?? 'devices.csv'} busy={isBusy} onRegister={register} />
        )}
        {step.at === 'done' ? (
          <Notice tone="good" live testId="device-list-done">
            {say(
              `${step.devices}대를 등록했습니다.${step.known > 0 ? ` 그 가운데 ${step.known}대는 전에 등록한 것입니다.` : ''}`,
              `${step.devices} devices registered${step.known > 0 ? `, ${step.known} of them before` : ''}.`,
            )}
          </Notice>
        ) : null}
      </form>
    </details>
  );
}

/** The list as it will be sent: to be kept first where it holds secrets that stand nowhere else. */
function Ready(props: { completed: Completed; name: string; busy: boolean; onRegister: (ready: Completed) => void }) {
  const { say } = useSpeech();
  const { completed, busy } = props;
  const [isKept, setKept] = useState(false);
  const [address, setAddress] = useState('');
  useEffect(() => {
    setKept(false);
    const made = URL.createObjectURL(new Blob([completed.list], { type: 'text/csv' }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [completed]);
  const fresh = completed.devices - completed.known;
  return (
    <>
      <Notice tone="calm" live testId="device-list-checked">
        <strong>
          {say(
            `${completed.devices}대에 잘못이 없습니다: 새 장치 ${fresh}대, 이미 등록한 장치 ${completed.known}대.`,
            `${completed.devices} devices, nothing wrong: ${fresh} new, ${completed.known} known.`,
          )}
        </strong>
        {completed.made === 0 ? null : (
          <span>
            {say(
              `새 비밀 값 ${completed.made}개를 채웠습니다. 서비스는 비밀 값을 보관하지 않습니다. 먼저 내려받아 안전한 곳에 두십시오.`,
              `${completed.made} secrets were filled in. The service keeps none of them: download the list first and keep it safe.`,
            )}
          </span>
        )}
      </Notice>
      <div class="row">
        {completed.made === 0 ? null : (
          <a
            class="button plain"
            href={address}
            download={props.name.replace(/(\.csv)?$/i, '.secrets.csv')}
            onClick={() => setKept(true)}
            data-testid="device-list-download"
          >
            {say('2. 목록 내려받기', '2. Download the list')}
          </a>
        )}
        <button
          type="button"
          class="button"
          disabled={busy || (completed.made > 0 && !isKept)}
          onClick={() => props.onRegister(completed)}
          data-testid="device-list-register"
        >
          {completed.made === 0 ? say('2. 등록하기', '2. Register') : say('3. 등록하기', '3. Register')}
        </button>
      </div>
      {busy ? (
        <Loading>
          {say(
            '등록하는 중입니다. 끊겨도 같은 목록을 다시 보내면 됩니다.',
            'Registering; should it break off, send the same list again.',
          )}
        </Loading>
      ) : null}
    </>
  );
}
