// Reads a tariff for a command: a file, or one that is shipped, by its name.
import { existsSync, readFileSync } from 'node:fs';
import { shippedTariffText } from '../metering/billing/shipped-tariff-port.ts';
import { WrongUse } from './command-io.ts';

/** @returns its text, and what a message calls it */
export function tariffFile(file: string): { name: string; text: string } {
  const shipped = existsSync(file) ? null : shippedTariffText(file);
  if (shipped !== null) return { name: `${file}.yaml`, text: shipped };
  try {
    return { name: file, text: readFileSync(file, 'utf8') };
  } catch {
    throw new WrongUse(`--tariff: ${file} can't be read; give a file, or the name of a shipped tariff`);
  }
}
