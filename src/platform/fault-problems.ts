// Problems whose sentence comes from a catalogue of faults: the English is the problem's detail, the code and the data its
// member `fault`, so that pages say it in their reader's language.
import { type CodedFault, type DataOf, type FaultCatalogue, faultsIn } from './fault-texts.ts';
import { type Problem, type ProblemCode, problem } from './problem.ts';

export function problemsIn<Catalogue extends FaultCatalogue>(of: ProblemCode, catalogue: Catalogue) {
  const faultOf = faultsIn(catalogue);
  return <Code extends keyof Catalogue & string>(code: Code, ...data: DataOf<Catalogue, Code>): Problem => {
    const { problem: detail, ...fault } = faultOf(code, ...data);
    return problem(of, detail, { fault });
  };
}

/** @returns null where the problem came from no catalogue */
export function faultOfProblem({ members }: Problem): CodedFault | null {
  return (members.fault as CodedFault | undefined) ?? null;
}
