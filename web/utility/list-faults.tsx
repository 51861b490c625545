// What is wrong with a list that was sent, by line and column; any other refusal as it is said everywhere.
import type { ComponentChildren } from 'preact';
import { useSpeech } from '../shared/language.tsx';
import { Notice, ProblemNotice } from '../shared/notices.tsx';
import type { ServiceProblem } from '../shared/service-client.ts';

interface Fault {
  line: number;
  column: string | null;
  problem: string;
}

/** @param children what to do about the faults */
export function ListFaults(props: { problem: ServiceProblem; testId: string; children: ComponentChildren }) {
  const { say } = useSpeech();
  const faults = (props.problem.members.problems as Fault[] | undefined) ?? [];
  if (faults.length === 0) return <ProblemNotice problem={props.problem} />;
  return (
    <div class="stack" data-testid={props.testId}>
      <Notice tone="bad" live>
        <strong>{say(`고칠 곳이 ${faults.length}곳 있습니다.`, `${faults.length} places to mend.`)}</strong>
        <span>{props.children}</span>
      </Notice>
      <ol class="issued">
        {faults.map(({ line, column, problem }) => (
          <li key={`${line} ${column} ${problem}`} class="issued-row">
            <p class="row">
              <strong>{say(`${line}번째 줄`, `Line ${line}`)}</strong>
              {column === null ? null : <code>{column}</code>}
              <span class="small" lang="en">
                {problem}
              </span>
            </p>
          </li>
        ))}
      </ol>
    </div>
  );
}
