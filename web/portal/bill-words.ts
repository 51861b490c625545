// A bill's days and amounts as the portal's pages write them; the words of its lines are those of its paper.

import type { BillDocument } from '../../src/metering/billing/bill-document.ts';
import { type BillRow, grouped, rowText } from '../../src/metering/billing/bill-words.ts';
import { locale } from '../shared/format.ts';
import type { Language, Text } from '../shared/language.tsx';

export type BillComponent = BillDocument['components'][number];

/** What a line is for; the component's name where the line says no more. */
export function lineWords(row: BillRow, component: BillComponent, bill: BillDocument): Text {
  const words = rowText(row, bill);
  if (words.ko !== '') return words;
  return row.volume_m3 === null ? component.name : { ko: '사용량', en: 'Use' };
}

/** From the first day to the last one. */
export function daysWords(from: string, until: string): Text {
  const [first, last] = [new Date(from), new Date(lastDay(until))];
  const inLanguage = (language: Language) =>
    new Intl.DateTimeFormat(locale(language), { dateStyle: 'long', timeZone: 'UTC' }).formatRange(first, last);
  return { ko: inLanguage('ko'), en: inLanguage('en') };
}

/** The day before. */
export function lastDay(until: string): string {
  return new Date(Date.parse(`${until}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}

/** An amount as people write it; what is not whole keeps its decimals. */
export function won(amount: number | string, language: Language): string {
  const text = grouped(amount).replace('-', '−');
  return language === 'ko' ? `${text}원` : `${text} won`;
}
