// A register's heading and rows, read into what an offer needs; every fault by line and column, never with a value.

import { claimOfText, fieldKind } from '../credentials/claim-form.ts';
import { type ClaimFault, claimFaults, givenClaims } from '../credentials/claims.ts';
import type { Bilingual, CredentialType } from '../credentials/credential-type.ts';
import { holdsResidentNumber } from '../credentials/registration-numbers.ts';
import { importLimits } from './import-limits.ts';

/** What is wrong with a cell, a line (column null) or the file (line null), and what to do. */
export interface RowFault {
  /** From 1, the heading's. */
  line: number | null;
  column: string | null;
  fault: ClaimFault['fault'] | 'not_csv' | 'not_utf8' | 'too_long' | 'heading' | 'repeated' | 'cells' | 'empty';
  message: Bilingual;
}

export interface ImportRow {
  line: number;
  /** The register's own number of the entry. */
  key: string;
  reference: string;
  claims: Record<string, unknown>;
}

/** The column that every register has beside its claims, and what it is called. */
export const keyColumn = { name: 'key', label: { ko: '관리번호', en: 'Key' } } as const;

/** Columns in the order of the file, each `key` or a claim's name. */
export type Heading = readonly string[];

/** Letters, digits and marks that are no formula's beginning and no name. */
const keyForm = /^[A-Za-z0-9][\w.:/-]*$/;

/**
 * Reads a heading; a column may be named as the claim is, or by its label in either language.
 *
 * @returns the columns, or what is wrong with them
 */
export function readHeading(
  type: CredentialType,
  cells: readonly string[],
): { heading: Heading } | { faults: RowFault[] } {
  const known = [
    { name: keyColumn.name, label: keyColumn.label, required: true },
    ...givenClaims(type).map(([name, { label, schema }]) => ({
      name,
      label,
      required: !schema.safeParse(undefined).success,
    })),
  ];
  const faults: RowFault[] = [];
  const found = cells.map((cell, at) => {
    const text = cell.trim();
    const column = known.find(({ name, label }) => [name, label.ko, label.en].includes(text));
    // The first line of a file without a heading is a person: it is not repeated.
    if (column === undefined)
      faults.push(headingFault(`#${at + 1}`, messages.unknownColumn(known.map(({ name }) => name))));
    return column?.name ?? '';
  });
  for (const { name, required } of known) {
    const times = found.filter((column) => column === name).length;
    if (times > 1) faults.push(headingFault(name, messages.columnTwice));
    if (times === 0 && required) faults.push(headingFault(name, messages.columnMissing));
  }
  return faults.length > 0 ? { faults } : { heading: found };
}

function headingFault(column: string, message: Bilingual): RowFault {
  return { line: 1, column, fault: 'heading', message };
}

/** Reads one row of a file with that heading. @returns what an offer needs, or what is wrong with the row */
export function readRow(
  type: CredentialType,
  heading: Heading,
  cells: readonly string[],
  line: number,
  now_ms: number,
): { row: ImportRow } | { faults: RowFault[] } {
  if (cells.length !== heading.length)
    return { faults: [{ line, column: null, fault: 'cells', message: messages.cells }] };
  const texts = Object.fromEntries(heading.map((column, at) => [column, cells[at] ?? '']));
  const faults = heading.flatMap((column): RowFault[] =>
    (texts[column]?.length ?? 0) > importLimits.cell_chars
      ? [{ line, column, fault: 'too_long', message: messages.tooLong }]
      : [],
  );
  const key = (texts[keyColumn.name] ?? '').trim();
  if (key === '') faults.push({ line, column: keyColumn.name, fault: 'missing', message: messages.keyMissing });
  else if (!keyForm.test(key) || key.length > importLimits.key_chars || holdsResidentNumber(key)) {
    faults.push({ line, column: keyColumn.name, fault: 'wrong_form', message: messages.keyForm });
  }
  const claims: Record<string, unknown> = {};
  for (const [name, claim] of givenClaims(type)) {
    const value = claimOfText(fieldKind(claim), texts[name] ?? '');
    if (value !== undefined) claims[name] = value;
  }
  for (const { claim, fault, message } of claimFaults(type, claims, now_ms)) {
    faults.push({ line, column: claim, fault, message });
  }
  if (faults.length > 0) return { faults };
  const reference = type.referenceClaim === undefined ? key : String(claims[type.referenceClaim]);
  return { row: { line, key, reference, claims } };
}

/** A key that an earlier line of the file has, too. */
export function repeatedKey(line: number, before: number): RowFault {
  return { line, column: keyColumn.name, fault: 'repeated', message: messages.repeated(before) };
}

export function fileFault(fault: 'not_csv' | 'not_utf8' | 'empty' | 'too_long', line: number | null = null): RowFault {
  return { line, column: null, fault, message: fileMessages[fault] };
}

const fileMessages = {
  not_csv: {
    ko: 'CSV가 아닙니다. 따옴표가 짝이 맞는지 살펴 주세요.',
    en: 'Is not CSV; look whether every quotation mark has its partner.',
  },
  not_utf8: {
    ko: 'UTF-8이 아닙니다. 스프레드시트에서 “CSV UTF-8”로 다시 저장해 주세요.',
    en: 'Is not UTF-8; save it again as “CSV UTF-8”.',
  },
  empty: {
    ko: '내용이 없습니다. 제목 줄 아래에 한 줄 이상 적어 주세요.',
    en: 'Has no rows; write one or more below the heading.',
  },
  too_long: {
    ko: `한 번에 ${importLimits.rows}줄까지입니다. 나누어 올려 주세요.`,
    en: `Has more than ${importLimits.rows} rows; give it in parts.`,
  },
} as const satisfies Record<string, Bilingual>;

const messages = {
  unknownColumn: (names: readonly string[]): Bilingual => ({
    ko: `이 증명서에 없는 열입니다. 지우거나 다음 가운데 하나로 고쳐 주세요: ${names.join(', ')}`,
    en: `Is no column of this type; take it out, or name it one of ${names.join(', ')}.`,
  }),
  columnTwice: { ko: '같은 열이 두 번 있습니다. 하나를 지워 주세요.', en: 'Stands there twice; take one out.' },
  columnMissing: { ko: '필요한 열이 없습니다. 제목 줄에 더해 주세요.', en: 'Is missing; add it to the heading.' },
  cells: {
    ko: '칸의 수가 제목 줄과 다릅니다. 쉼표나 따옴표를 살펴 주세요.',
    en: 'Has another number of cells than the heading; look at commas and quotation marks.',
  },
  tooLong: {
    ko: `${importLimits.cell_chars}자보다 깁니다.`,
    en: `Is longer than ${importLimits.cell_chars} characters.`,
  },
  keyMissing: {
    ko: '관리번호가 비어 있습니다. 명부의 번호를 적어 주세요.',
    en: "Is empty; write the register's number of the entry.",
  },
  keyForm: {
    ko: `관리번호는 영문자나 숫자로 시작하는 ${importLimits.key_chars}자까지의 A-Z a-z 0-9 _ . : / - 입니다. 주민등록번호는 쓰지 않습니다.`,
    en: `Must be up to ${importLimits.key_chars} of A-Z a-z 0-9 _ . : / -, beginning with a letter or digit, and no resident registration number.`,
  },
  repeated: (before: number): Bilingual => ({
    ko: `${before}번째 줄과 관리번호가 같습니다. 하나를 지우거나 고쳐 주세요.`,
    en: `Is the key of line ${before}, too; take one out or mend it.`,
  }),
};
