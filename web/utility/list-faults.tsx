// What is wrong with a list that was sent, by line and column; any other refusal as it is said everywhere.
import type { ComponentChildren } from 'preact';
import { type Text, useSpeech } from '../shared/language.tsx';
import { Notice, ProblemNotice } from '../shared/notices.tsx';
import type { ServiceProblem } from '../shared/service-client.ts';

/** Of a device or registry list, whose sentences are English; a register of people says its own in both languages. */
interface Fault {
  /** null: of the file as a whole. */
  line: number | null;
  column: string | null;
  problem?: string;
  message?: Text;
}

/** @param children what to do about the faults */
export function ListFaults(props: { problem: ServiceProblem; testId: string; children: ComponentChildren }) {
  const { say, pick } = useSpeech();
  const { problems, faults: own } = props.problem.members;
  const faults = ((problems ?? own) as Fault[] | undefined) ?? [];
  if (faults.length === 0) return <ProblemNotice problem={props.problem} />;
  return (
    <div class="stack" data-testid={props.testId}>
      <Notice tone="bad" live>
        <strong>{say(`고칠 곳이 ${faults.length}곳 있습니다.`, `${faults.length} places to mend.`)}</strong>
        <span>{props.children}</span>
      </Notice>
      <ol class="issued">
        {faults.map(({ line, column, problem, message }) => (
          <li key={`${line} ${column} ${problem ?? message?.en}`} class="issued-row">
            <p class="row">
              <strong>{line === null ? say('파일', 'File') : say(`${line}번째 줄`, `Line ${line}`)}</strong>
              {column === null ? null : <code>{column}</code>}
              <span class="small" lang={message === undefined ? 'en' : undefined}>
                {message === undefined ? problem : pick(message)}
              </span>
            </p>
          </li>
        ))}
      </ol>
    </div>
  );
}
