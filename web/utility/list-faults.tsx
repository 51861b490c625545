// What is wrong with a list that was sent, by line and column; any other refusal as it is said everywhere.
import type { ComponentChildren } from 'preact';
import { listFaults } from '../../src/metering/meters/list-faults.ts';
import { type Fault, faultText } from '../../src/platform/fault-texts.ts';
import { type Text, useSpeech } from '../shared/language.tsx';
import { Notice, ProblemNotice } from '../shared/notices.tsx';
import type { ServiceProblem } from '../shared/service-client.ts';

/** Of a list of devices or of the registry. */
interface CodedFault extends Fault {
  line: number;
  column: string | null;
}

/** Of a register of people, whose credential types bring their sentences with them. */
interface SpokenFault {
  /** null: of the file as a whole. */
  line: number | null;
  column: string | null;
  message: Text;
}

/** A service that is newer than the page may know faults that the page does not: those are said as they came. */
const sentenceOf = (fault: CodedFault | SpokenFault): Text =>
  'message' in fault ? fault.message : (faultText(listFaults, fault) ?? { ko: fault.problem, en: fault.problem });

/** @param children what to do about the faults */
export function ListFaults(props: { problem: ServiceProblem; testId: string; children: ComponentChildren }) {
  const { say, pick } = useSpeech();
  const { problems, faults: own } = props.problem.members;
  const faults = ((problems ?? own) as (CodedFault | SpokenFault)[] | undefined) ?? [];
  if (faults.length === 0) return <ProblemNotice problem={props.problem} />;
  return (
    <div class="stack" data-testid={props.testId}>
      <Notice tone="bad" live>
        <strong>{say(`고칠 곳이 ${faults.length}곳 있습니다.`, `${faults.length} places to mend.`)}</strong>
        <span>{props.children}</span>
      </Notice>
      <ol class="issued">
        {faults
          .map((fault) => ({ ...fault, sentence: sentenceOf(fault) }))
          .map(({ line, column, sentence }) => (
            <li key={`${line} ${column} ${sentence.en}`} class="issued-row">
              <p class="row">
                <strong>{line === null ? say('파일', 'File') : say(`${line}번째 줄`, `Line ${line}`)}</strong>
                {column === null ? null : <code>{column}</code>}
                <span class="small">{pick(sentence)}</span>
              </p>
            </li>
          ))}
      </ol>
    </div>
  );
}
