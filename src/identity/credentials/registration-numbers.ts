// Numbers that the state gives: a business's, checked by its check digit, and a resident's, recognised so as to be refused.

const businessWeights = [1, 3, 7, 1, 3, 7, 1, 3, 5] as const;

/**
 * Whether the last digit of a business registration number is right for the nine before it.
 *
 * @param number NNN-NN-NNNNN
 */
export function hasBusinessCheckDigit(number: string): boolean {
  const digits = Array.from(number.replaceAll('-', ''), Number);
  if (digits.length !== 10 || digits.some(Number.isNaN)) return false;
  const weighted = businessWeights.map((weight, at) => weight * (digits[at] ?? 0));
  const sum = weighted.reduce((total, each) => total + each, 0) + Math.floor((weighted[8] ?? 0) / 10);
  return (10 - (sum % 10)) % 10 === digits[9];
}

/**
 * Thirteen digits, of which the first six are a calendar day without its century, with or without a mark between the two
 * parts. The last digit is no help: numbers given since October 2020 have no check digit. Foreigners' registration numbers
 * have the same form.
 */
const residentNumber = /(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[\s\p{Pd}.·_]{0,3}\d{7}(?!\d)/u;

/** Whether a text, also one in full-width digits, holds what looks like a resident registration number. */
export function holdsResidentNumber(text: string): boolean {
  return residentNumber.test(text.normalize('NFKC'));
}
