// All devices by id, and what looks wrong with some of them.
import { useEffect, useState } from 'preact/hooks';
import { shortDateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { PageTail } from '../shared/page-tail.tsx';
import { usePages } from '../shared/pages.ts';
import { askService } from '../shared/service-client.ts';
import type { DeviceRow, DevicePage as Page } from '../shared/service-types.ts';
import { DeviceEvents } from './device-events.tsx';
import { DeviceListForm } from './device-list.tsx';
import { linkTo } from './route.ts';

const page_devices = 50;
const typingPause_ms = 250;

export function DevicesPage() {
  const { say } = useSpeech();
  const [typed, setTyped] = useState('');
  const [search, setSearch] = useState('');
  const [revoked, setRevoked] = useState(false);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed.trim()), typingPause_ms);
    return () => clearTimeout(timer);
  }, [typed]);
  const pages = usePages<Page>(
    (cursor, signal) => {
      const query = new URLSearchParams({ limit: String(page_devices) });
      if (search !== '') query.set('search', search);
      if (revoked) query.set('revoked', 'true');
      if (cursor !== null) query.set('cursor', cursor);
      return askService(`/api/utility/devices?${query}`, undefined, signal);
    },
    [search, revoked, turn],
  );
  const devices = pages.loaded.flatMap((page) => page.devices);
  return (
    <>
      <div class="stack">
        <PageTitle>{say('장치', 'Devices')}</PageTitle>
        <p class="lead">
          {say(
            '계량기의 값을 보내는 단말입니다. 이름과 비밀 값이나 인증서로 자신을 밝혀야 연결됩니다.',
            'What sends a meter’s values. Each shows who it is by a secret or a certificate before it may connect.',
          )}
        </p>
      </div>
      <DeviceEvents />
      <DeviceListForm onDone={() => setTurn(turn + 1)} />
      <div class="field">
        <label for="device-search">{say('찾기', 'Search')}</label>
        <input
          id="device-search"
          class="input"
          type="search"
          value={typed}
          placeholder={say('장치 이름이나 기물번호', 'Device id or serial number')}
          onInput={(event) => setTyped(event.currentTarget.value)}
          data-testid="device-search"
        />
        <label class="row">
          <input
            type="checkbox"
            checked={revoked}
            onChange={(event) => setRevoked(event.currentTarget.checked)}
            data-testid="devices-revoked"
          />
          {say('폐지된 장치만', 'Revoked ones only')}
        </label>
      </div>
      <section class="card" aria-label={say('장치 목록', 'List of devices')}>
        {devices.length > 0 ? <DeviceTable devices={devices} /> : null}
        <PageTail
          pages={pages}
          nothing={devices.length > 0 ? null : say('조건에 맞는 장치가 없습니다.', 'No device matches.')}
        />
      </section>
    </>
  );
}

function DeviceTable({ devices }: { devices: readonly DeviceRow[] }) {
  const { say } = useSpeech();
  return (
    <table class="table devices">
      <thead>
        <tr>
          <th scope="col">{say('장치', 'Device')}</th>
          <th scope="col">{say('상태', 'State')}</th>
          <th scope="col">{say('계량기', 'Meter')}</th>
          <th scope="col">{say('형식', 'Formats')}</th>
        </tr>
      </thead>
      <tbody>
        {devices.map((device) => (
          <tr key={device.device_id} data-testid="device-row">
            <th scope="row">
              <a href={linkTo({ page: 'device', id: device.device_id })}>{device.device_id}</a>
            </th>
            <td>
              <DeviceState device={device} />
            </td>
            <td>{device.meter_serial ?? '—'}</td>
            <td>
              <code>{device.formats.join(', ')}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function DeviceState({ device }: { device: DeviceRow }) {
  const { say, language } = useSpeech();
  if (device.revoked_at !== null)
    return (
      <>
        <span class="badge bad">{say('폐지됨', 'Revoked')}</span>{' '}
        <span class="small soft">{shortDateTime(device.revoked_at, language)}</span>
      </>
    );
  if (device.former_secret_until !== null)
    return <span class="badge warn">{say('비밀 값 바꾸는 중', 'Secret changing')}</span>;
  return <span class="badge good">{say('사용 중', 'In use')}</span>;
}
