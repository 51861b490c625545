// The file of a list that is sent, and how far one is that is read in: alike wherever lists are taken.
import type { ComponentChildren } from 'preact';
import { useSpeech } from '../shared/language.tsx';

interface ListFileProps {
  /** Of the field; its test id too. */
  id: string;
  disabled?: boolean;
  onChoose: (file: File | null) => void;
  /** A hint below it, such as its columns. */
  children?: ComponentChildren;
}

export function ListFile({ id, disabled = false, onChoose, children }: ListFileProps) {
  const { say } = useSpeech();
  return (
    <div class="field">
      <label for={id}>{say('CSV 파일 (UTF-8)', 'CSV file (UTF-8)')}</label>
      <input
        id={id}
        class="input"
        type="file"
        accept=".csv,text/csv"
        required
        disabled={disabled}
        onChange={(event) => onChoose(event.currentTarget.files?.[0] ?? null)}
        data-testid={id}
      />
      {children}
    </div>
  );
}

interface ListProgressProps {
  name: string;
  badge: { tone: 'good' | 'warn' | 'bad'; text: string };
  /** null: there is no bar, because it is over. */
  bar: { done: number; all: number } | null;
  /** Beside the name, and below the bar. */
  beside?: string;
  children?: ComponentChildren;
}

export function ListProgress({ name, badge, bar, beside, children }: ListProgressProps) {
  const { say } = useSpeech();
  return (
    <div class="import-facts">
      <p class="row">
        <strong>{name}</strong>
        <span class={`badge ${badge.tone}`}>{badge.text}</span>
        {beside === undefined ? null : <span class="small soft">{beside}</span>}
      </p>
      {bar === null ? null : (
        <progress max={bar.all} value={bar.done} aria-label={say(`${name}: 진행`, `${name}: progress`)} />
      )}
      {children}
    </div>
  );
}
