// A deed that a button does: it is sent, what it changes is read anew, and a refusal is there to be shown.
import { useState } from 'preact/hooks';
import { askService, asServiceProblem, type ServiceProblem } from './service-client.ts';

/** @returns the last refusal, null while there is none, and what sends a deed to an address of the service */
export function useDeed(onDone: () => void): [ServiceProblem | null, (address: string) => Promise<void>] {
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  const send = async (address: string): Promise<void> => {
    setProblem(null);
    try {
      await askService(address, {});
      onDone();
    } catch (error) {
      setProblem(asServiceProblem(error));
    }
  };
  return [problem, send];
}
