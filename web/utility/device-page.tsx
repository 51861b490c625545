// One device: what lets it in, what was done to it, and the ways to take its rights away or renew them.
import { useEffect, useState } from 'preact/hooks';
import { CopyButton } from '../shared/copy-button.tsx';
import { dateTime, shortDateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { DeviceDetail, MadeClaimCode } from '../shared/service-types.ts';
import { term } from '../shared/terms.ts';
import { DeviceState } from './devices-page.tsx';
import { linkTo } from './route.ts';

export function DevicePage({ id }: { id: string }) {
  const { say } = useSpeech();
  const [device, again] = useRemote<DeviceDetail>(
    (signal) => askService(`/api/utility/devices/${encodeURIComponent(id)}`, undefined, signal),
    ['device', id],
  );
  // While it is asked again, what is shown stays: a secret that was just made is shown once.
  const [known, setKnown] = useState<DeviceDetail | null>(null);
  useEffect(() => {
    if (device.state === 'ready') setKnown(device.value);
  }, [device]);
  return (
    <>
      <p>
        <a href={linkTo({ page: 'devices' })}>{say('← 장치 목록', '← All devices')}</a>
      </p>
      <PageTitle>{id}</PageTitle>
      {device.state === 'loading' && known === null ? <Loading /> : null}
      {device.state === 'failed' ? <ProblemNotice problem={device.problem} again={again} /> : null}
      {known === null ? null : (
        <>
          <Facts device={known} />
          <Renewal device={known} onChange={again} />
          <Withdrawal device={known} onChange={again} />
          <Actions device={known} />
        </>
      )}
    </>
  );
}

function Facts({ device }: { device: DeviceDetail }) {
  const { say, language } = useSpeech();
  return (
    <section class="card" aria-labelledby="facts-title">
      <div class="stack">
        <h2 id="facts-title">{say('무엇으로 연결하나', 'What lets it in')}</h2>
        <dl class="facts">
          <dt>{say('상태', 'State')}</dt>
          <dd>
            <DeviceState device={device} />
            {device.revoked_reason === null ? null : <span> {device.revoked_reason}</span>}
          </dd>
          <dt>{say('계량기', 'Meter')}</dt>
          <dd>{device.meter_serial ?? '—'}</dd>
          <dt>{say('형식', 'Formats')}</dt>
          <dd>
            <code>{device.formats.join(', ')}</code>
          </dd>
          <dt>{say('비밀 값', 'Secret')}</dt>
          <dd>
            {device.has_secret ? say('있음 (해시만 보관)', 'Set (only its hash is kept)') : say('없음', 'None')}
            {device.former_secret_until === null || device.revoked_at !== null ? null : (
              <span class="small soft">
                {' '}
                {say(
                  `이전 값도 ${dateTime(device.former_secret_until, language)}까지 쓸 수 있음`,
                  `the one before is good until ${dateTime(device.former_secret_until, language)}`,
                )}
              </span>
            )}
          </dd>
          <dt>{say('고정된 열쇠', 'Pinned keys')}</dt>
          <dd>
            {device.pins.length === 0
              ? '—'
              : device.pins.map(({ spki_sha256 }) => (
                  <code key={spki_sha256} class="block">
                    {spki_sha256}
                  </code>
                ))}
          </dd>
          <dt>{say('인증서', 'Certificates')}</dt>
          <dd>
            {device.certificates.length === 0
              ? '—'
              : device.certificates.map(({ serial, not_after, revoked_at }) => (
                  <div key={serial}>
                    <code>{serial}</code>{' '}
                    {revoked_at === null ? (
                      <span class="small soft">
                        {say(`${dateTime(not_after, language)}까지`, `until ${dateTime(not_after, language)}`)}
                      </span>
                    ) : (
                      <span class="badge bad">{say('폐지됨', 'Revoked')}</span>
                    )}
                  </div>
                ))}
          </dd>
        </dl>
      </div>
    </section>
  );
}

type Renewed = { kind: 'secret'; secret: string } | { kind: 'code'; code: string; expires_at: string };

interface ChangeProps {
  device: DeviceDetail;
  onChange: () => void;
}

function Renewal({ device, onChange }: ChangeProps) {
  const { say, language } = useSpeech();
  const [made, setMade] = useState<Renewed | null>(null);
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  if (device.revoked_at !== null) return null;
  const at = `/api/utility/devices/${encodeURIComponent(device.device_id)}`;
  const attempt = async (work: () => Promise<Renewed>): Promise<void> => {
    setProblem(null);
    setMade(null);
    try {
      setMade(await work());
      onChange();
    } catch (error) {
      setProblem(asServiceProblem(error));
    }
  };
  const rotate = () =>
    attempt(async () => ({ kind: 'secret', ...(await askService<{ secret: string }>(`${at}/rotate`, {})) }));
  const claim = () =>
    attempt(async () => ({ kind: 'code', ...(await askService<MadeClaimCode>(`${at}/claim-codes`, {})) }));
  return (
    <section class="card" aria-labelledby="renew-title">
      <div class="stack">
        <h2 id="renew-title">{say('새로 내주기', 'Renew')}</h2>
        <p class="small soft">
          {say(
            '새 비밀 값을 내주면 이전 값도 하루 동안 쓸 수 있습니다. 청구 번호는 현장 기사가 한 번만 쓸 수 있는 번호입니다.',
            'After a new secret the one before stays good for a day. A claim code is a number that an installer can use once.',
          )}
        </p>
        <div class="row">
          <button type="button" class="button plain" onClick={rotate} data-testid="device-rotate">
            {say('새 비밀 값', 'New secret')}
          </button>
          <button type="button" class="button plain" onClick={claim} data-testid="device-claim">
            {say('청구 번호 만들기', 'Make a claim code')}
          </button>
        </div>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        {made === null ? null : (
          <Notice tone="good" live testId="device-renewed">
            <strong>{say('지금만 보입니다. 적어 두세요.', 'Shown only now. Write it down.')}</strong>
            <code data-testid="device-made">{made.kind === 'secret' ? made.secret : made.code}</code>
            {made.kind === 'code' ? (
              <span class="small">
                {say(
                  `${dateTime(made.expires_at, language)}까지 한 번`,
                  `good once, until ${dateTime(made.expires_at, language)}`,
                )}
              </span>
            ) : null}
            <CopyButton text={made.kind === 'secret' ? made.secret : made.code} label={say('복사', 'Copy')} />
          </Notice>
        )}
      </div>
    </section>
  );
}

function Withdrawal({ device, onChange }: ChangeProps) {
  const { say } = useSpeech();
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  const isRevoked = device.revoked_at !== null;
  const change = async (event: Event): Promise<void> => {
    event.preventDefault();
    setProblem(null);
    try {
      const what = isRevoked ? 'restore' : 'revoke';
      await askService(`/api/utility/devices/${encodeURIComponent(device.device_id)}/${what}`, {
        reason: reason.trim(),
      });
      setReason('');
      onChange();
    } catch (error) {
      setProblem(asServiceProblem(error));
    }
  };
  return (
    <section class="card" aria-labelledby="withdraw-title">
      <form class="stack" onSubmit={change}>
        <h2 id="withdraw-title">{isRevoked ? say('다시 쓰기', 'Take the revocation back') : say('폐지', 'Revoke')}</h2>
        <p>
          {isRevoked
            ? say('다시 연결할 수 있게 됩니다.', 'It may connect again.')
            : say(
                '연결이 바로 끊기고, 무엇으로도 다시 연결할 수 없습니다.',
                'Its connection is cut at once, and nothing lets it in any more.',
              )}
        </p>
        <div class="field wide">
          <label for="device-reason">{say('사유', 'Reason')}</label>
          <input
            id="device-reason"
            class="input"
            required
            maxLength={200}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
            data-testid="device-reason"
          />
          <span class="hint">{say('이름 같은 개인정보는 적지 마세요.', 'Write no name or other personal data.')}</span>
        </div>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div class="row">
          <button type="submit" class={isRevoked ? 'button plain' : 'button danger'} data-testid="device-withdraw">
            {isRevoked ? say('다시 쓰기', 'Restore') : say('폐지', 'Revoke')}
          </button>
        </div>
      </form>
    </section>
  );
}

function Actions({ device }: { device: DeviceDetail }) {
  const { say, pick, language } = useSpeech();
  return (
    <section class="card" aria-labelledby="actions-title">
      <div class="stack">
        <h2 id="actions-title">{say('지금까지 한 일', 'What was done to it')}</h2>
        {device.actions.length === 0 ? (
          <Empty>{say('아직 없습니다.', 'Nothing yet.')}</Empty>
        ) : (
          <ul class="issued">
            {device.actions.map((action) => (
              <li class="issued-row" key={`${action.at} ${action.action}`}>
                <span>
                  {pick(term('device_action', action.action))}
                  {action.reason === null ? null : `: ${action.reason}`}
                </span>
                <span class="small soft">
                  {shortDateTime(action.at, language)} ·{' '}
                  {action.by_program ? say('프로그램', 'a program') : say('직원', 'staff')}
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
