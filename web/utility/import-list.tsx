// Imports and how far they are, with their two files and their end.
import { useState } from 'preact/hooks';
import type { OfferImport } from '../../src/identity/issuing/offer-import.ts';
import { useDeed } from '../shared/deed.ts';
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Empty, Loading, ProblemNotice } from '../shared/notices.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService } from '../shared/service-client.ts';
import { term, typeName } from '../shared/terms.ts';
import { ListProgress } from './list-file.tsx';

const refresh_ms = 2_000;

export function ImportList({ turn }: { turn: number }) {
  const { say } = useSpeech();
  const [remote, again] = useRemote<{ imports: OfferImport[] }>(
    (signal) => askService('/api/utility/imports', undefined, signal),
    [turn],
    refresh_ms,
  );
  return (
    <section class="card" aria-labelledby="imports-title">
      <div class="section">
        <h2 id="imports-title">{say('올린 명부', 'Imports')}</h2>
        {remote.state === 'loading' ? <Loading /> : null}
        {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
        {remote.state === 'ready' && remote.value.imports.length === 0 ? (
          <Empty>{say('아직 올린 명부가 없습니다.', 'Nothing has been imported yet.')}</Empty>
        ) : null}
        {remote.state === 'ready' && remote.value.imports.length > 0 ? (
          <ul class="issued">
            {remote.value.imports.map((each) => (
              <Row key={each.id} import={each} onChanged={again} />
            ))}
          </ul>
        ) : null}
      </div>
    </section>
  );
}

const tones = { waiting: 'warn', running: 'warn', done: 'good', cancelled: 'bad' } as const;

function Row({ import: shown, onChanged }: { import: OfferImport; onChanged: () => void }) {
  const { say, pick, language } = useSpeech();
  const [asking, setAsking] = useState(false);
  const [problem, send] = useDeed(() => {
    setAsking(false);
    onChanged();
  });
  const ended = shown.offered + shown.known;
  const number = (count: number): string => count.toLocaleString(language);
  const name = `${pick(typeName(shown.type))} ${dateTime(shown.created_at, language)}`;
  const cancel = () => send(`/api/utility/imports/${shown.id}/cancel`);
  return (
    <li class="issued-row" data-testid="import-row" data-state={shown.state}>
      <ListProgress
        name={name}
        badge={{ tone: tones[shown.state], text: pick(term('import_state', shown.state)) }}
        bar={shown.state === 'cancelled' ? null : { done: ended, all: shown.rows }}
      >
        <p class="small soft">
          {say(
            `${number(shown.rows)}줄 가운데 안내 ${number(shown.offered)}, 이미 안내함 ${number(shown.known)} · 아직 받지 않음 ${number(shown.open)}`,
            `Of ${number(shown.rows)} rows ${number(shown.offered)} offered, ${number(shown.known)} known · ${number(shown.open)} not yet taken`,
          )}
        </p>
      </ListProgress>
      {asking ? (
        <div class="row" role="alert">
          <span>{say('아직 받지 않은 안내까지 모두 거둘까요?', 'Take back every offer that nobody took?')}</span>
          <button type="button" class="button danger quiet" onClick={cancel} data-testid="import-cancel-confirm">
            {say('취소하고 거두기', 'Cancel and take back')}
          </button>
          <button type="button" class="button plain quiet" onClick={() => setAsking(false)}>
            {say('그대로 두기', 'Keep')}
          </button>
        </div>
      ) : (
        <div class="row">
          {shown.deliverable ? (
            <>
              <a class="button plain quiet" href={`/api/utility/imports/${shown.id}/links.csv`} download>
                {say('링크 파일', 'Links')}
              </a>
              <a class="button plain quiet" href={`/api/utility/imports/${shown.id}/codes.csv`} download>
                {say('확인 번호 파일', 'Codes')}
              </a>
            </>
          ) : null}
          {shown.state === 'cancelled' ? null : (
            <button
              type="button"
              class="button plain quiet"
              onClick={() => setAsking(true)}
              aria-label={say(`${name} 취소`, `Cancel ${name}`)}
              data-testid="import-cancel"
            >
              {say('취소', 'Cancel')}
            </button>
          )}
        </div>
      )}
      {problem === null ? null : <ProblemNotice problem={problem} />}
    </li>
  );
}
