// The audit: what staff did, when and as what; no claim and no name is in it.
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { PageTail } from '../shared/page-tail.tsx';
import { usePages } from '../shared/pages.ts';
import { askService } from '../shared/service-client.ts';
import type { AuditEntry } from '../shared/service-types.ts';
import { claimValue, term, typeName } from '../shared/terms.ts';

export function AuditPage() {
  const { say } = useSpeech();
  const pages = usePages<{ entries: AuditEntry[]; next_cursor: string | null }>(
    (cursor, signal) =>
      askService(`/api/utility/audit?limit=50${cursor === null ? '' : `&cursor=${cursor}`}`, undefined, signal),
    [],
  );
  const entries = pages.loaded.flatMap((page) => page.entries);
  return (
    <>
      <div class="stack">
        <PageTitle>{say('감사 기록', 'Audit')}</PageTitle>
        <p class="lead">
          {say(
            '직원이 한 일은 그 일과 함께 기록되고, 고치거나 지울 수 없습니다. 시민의 이름과 내용은 없습니다.',
            'What staff do is recorded with the deed, and is never changed. It holds no name and no claim.',
          )}
        </p>
        <a class="button plain quiet" href="/api/utility/audit.csv" download>
          {say('표로 받기 (CSV)', 'As a table (CSV)')}
        </a>
      </div>
      <section class="card" aria-label={say('기록', 'Entries')}>
        {entries.length === 0 ? null : (
          <ul class="issued">
            {entries.map((entry) => (
              <Entry key={entry.id} entry={entry} />
            ))}
          </ul>
        )}
        <PageTail
          pages={pages}
          nothing={entries.length > 0 ? null : say('아직 기록이 없습니다.', 'Nothing is recorded yet.')}
        />
      </section>
    </>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const { say, pick, language } = useSpeech();
  const objects = [
    entry.service_point === null ? null : `${say('수용가', 'Service point')} ${entry.service_point}`,
    entry.offer_id === null ? null : `${say('안내', 'Offer')} ${short(entry.offer_id)}`,
    entry.credential_id === null ? null : `${say('증명서', 'Credential')} ${short(entry.credential_id)}`,
    entry.import_id === null ? null : `${say('명부', 'Import')} ${short(entry.import_id)}`,
  ].filter((each) => each !== null);
  const duty =
    entry.duty === 'command_line'
      ? say('명령줄', 'Command line')
      : entry.duty === null
        ? '—'
        : pick(claimValue('duty', entry.duty));
  return (
    <li class="issued-row" data-testid="audit-row">
      <div>
        <p class="row">
          <strong>{pick(term('desk_action', entry.action))}</strong>
          {entry.type === null ? null : <span>{pick(typeName(entry.type))}</span>}
        </p>
        <p class="small soft">{objects.join(' · ')}</p>
      </div>
      <div class="small soft">
        <p>{dateTime(entry.at, language)}</p>
        <p>
          {duty} · <code>{entry.actor.slice(0, 8)}</code>
        </p>
      </div>
    </li>
  );
}

function short(id: string): string {
  return id.slice(0, 8);
}
