// The versions of the wallet's DID, newest first: when, and what was done.
import { type DidLogEntry, parseDidLogText } from '../../src/identity/dids/did-log.ts';
import { dateTime } from '../shared/format.ts';
import { type Text, useSpeech } from '../shared/language.tsx';

export function DidHistory({ log }: { log: string }) {
  const { say, pick, language } = useSpeech();
  const entries = parseDidLogText(log);
  return (
    <section class="card stack" aria-labelledby="did-history">
      <h2 id="did-history">{say('바뀐 기록', 'History')}</h2>
      <ol class="did-versions wide" reversed>
        {entries.toReversed().map((entry) => (
          <li key={entry.versionId} data-testid="did-version">
            <strong>{pick(deedOf(entry))}</strong>
            <span class="small soft">{dateTime(entry.versionTime, language)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function deedOf({ versionId, parameters }: DidLogEntry): Text {
  if (parameters.deactivated === true) return { ko: '끝냄', en: 'Ended' };
  if (versionId.startsWith('1-')) return { ko: '만듦', en: 'Made' };
  if (parameters.nextKeyHashes?.length === 0) return { ko: '끝낼 준비', en: 'Made ready to end' };
  return { ko: '열쇠를 바꿈', en: 'Keys changed' };
}
