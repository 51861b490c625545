// Names in Korean and English out of the display lists of OpenID4VCI metadata.
import type { Text } from './wallet-store.ts';

export interface DisplayEntry {
  name?: string;
  locale?: string;
}

const shown_chars = 200;

/** The names for `ko` and `en`; one stands in for the other, and `otherwise` for both. Cut at 200 characters. */
export function bilingual(entries: readonly DisplayEntry[] | undefined, otherwise: string): Text {
  const named = (language: string) =>
    entries?.find(({ locale, name }) => name !== undefined && locale?.toLowerCase().split('-')[0] === language)?.name;
  const any = entries?.find(({ name }) => name !== undefined)?.name ?? otherwise;
  const ko = named('ko') ?? named('en') ?? any;
  const en = named('en') ?? any;
  return { ko: ko.slice(0, shown_chars), en: en.slice(0, shown_chars) };
}

/** A text in both languages as another party states it, or null when it is not one. */
export function statedText(value: unknown): Text | null {
  if (typeof value !== 'object' || value === null) return null;
  const { ko, en } = value as Record<string, unknown>;
  if (typeof ko !== 'string' || typeof en !== 'string') return null;
  return { ko: ko.slice(0, shown_chars), en: en.slice(0, shown_chars) };
}
