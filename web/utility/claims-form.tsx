// The form of a credential type, field by field as the service describes it, with what is wrong beside the field it is about.
import { useId, useState } from 'preact/hooks';
import { type CredentialForm, claimOfText, type FormField } from '../../src/identity/credentials/claim-form.ts';
import { useSpeech } from '../shared/language.tsx';
import { ProblemNotice } from '../shared/notices.tsx';
import { asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { ClaimFault } from '../shared/service-types.ts';

export interface ClaimsFormProps {
  form: CredentialForm;
  /** What the button says. */
  submit: string;
  /** Whether the office's number is asked for; not where the credential replaces another. */
  asksReference: boolean;
  /** Throws what the service refused. */
  onSubmit: (filled: { claims: Record<string, unknown>; reference: string }) => Promise<void>;
  onCancel: () => void;
}

export function ClaimsForm({ form, submit, asksReference, onSubmit, onCancel }: ClaimsFormProps) {
  const { say, pick } = useSpeech();
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [reference, setReference] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  const faults = (problem?.members.claims as ClaimFault[] | undefined) ?? [];
  const needsReference = asksReference && form.reference_claim === null;

  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const claims = Object.fromEntries(
        form.fields.flatMap((field) => {
          const value = claimOfText(field.kind, texts[field.name] ?? '');
          return value === undefined ? [] : [[field.name, value]];
        }),
      );
      await onSubmit({ claims, reference: reference.trim() });
    } catch (error) {
      setProblem(asServiceProblem(error));
    }
    setBusy(false);
  };

  return (
    <form class="offer-form" onSubmit={send} noValidate aria-label={pick(form.name)}>
      {form.fields.map((field) => (
        <Field
          key={field.name}
          field={field}
          text={texts[field.name] ?? ''}
          wrong={faults.find(({ claim }) => claim === field.name)?.message ?? null}
          onText={(text) => setTexts((before) => ({ ...before, [field.name]: text }))}
        />
      ))}
      {needsReference ? (
        <div class="field">
          <label for="offer-reference">{say('접수 번호', 'Number of the case')}</label>
          <input
            id="offer-reference"
            class="input"
            required
            value={reference}
            maxLength={64}
            onInput={(event) => setReference(event.currentTarget.value)}
            aria-describedby="offer-reference-hint"
            data-testid="offer-reference"
          />
          <span id="offer-reference-hint" class="hint">
            {say(
              '영문자·숫자로 적습니다. 분실 때 증명서를 찾는 번호입니다.',
              'Letters and digits; finds the credential again after a loss.',
            )}
          </span>
        </div>
      ) : null}
      {form.derived.length === 0 ? null : (
        <p class="small soft whole">
          {say('발급할 때 계산되는 항목: ', 'Worked out at issue: ')}
          {form.derived.map(pick).join(', ')}
        </p>
      )}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div class="row wide">
        <button type="submit" class="button" disabled={busy} data-testid="claims-submit">
          {busy ? say('보내는 중…', 'Sending…') : submit}
        </button>
        <button type="button" class="button plain" onClick={onCancel}>
          {say('취소', 'Cancel')}
        </button>
      </div>
    </form>
  );
}

interface FieldProps {
  field: FormField;
  text: string;
  onText: (text: string) => void;
}

function Field({ field, text, wrong, onText }: FieldProps & { wrong: { ko: string; en: string } | null }) {
  const { say, pick } = useSpeech();
  const id = useId();
  const hint = field.hint === null ? null : pick(field.hint);
  const described = [hint === null ? '' : `${id}-hint`, wrong === null ? '' : `${id}-wrong`].join(' ').trim();
  const common = {
    id,
    class: 'input',
    required: field.required,
    'aria-invalid': wrong !== null,
    ...(described === '' ? {} : { 'aria-describedby': described }),
    'data-testid': `claim-${field.name}`,
  };
  return (
    <div class="field">
      <label for={id}>
        {pick(field.label)}
        {field.required || field.kind === 'list' ? null : <span class="soft"> {say('(선택)', '(optional)')}</span>}
      </label>
      {field.kind === 'choice' || field.kind === 'yes_no' ? (
        <select {...common} value={text} onChange={(event) => onText(event.currentTarget.value)}>
          <option value="">{say('고르세요', 'Choose')}</option>
          {(field.kind === 'choice' ? field.options : yesNo).map(({ value, label }) => (
            <option key={value} value={value}>
              {pick(label)}
            </option>
          ))}
        </select>
      ) : (
        <Input common={common} field={field} text={text} onText={onText} />
      )}
      {hint === null ? null : (
        <span id={`${id}-hint`} class="hint">
          {hint}
        </span>
      )}
      {wrong === null ? null : (
        <span id={`${id}-wrong`} class="field-wrong" role="alert">
          {pick(wrong)}
        </span>
      )}
    </div>
  );
}

function Input({ common, field, text, onText }: FieldProps & { common: object }) {
  const written = {
    ...common,
    autocomplete: 'off',
    value: text,
    onInput: (event: { currentTarget: HTMLInputElement }) => onText(event.currentTarget.value),
  } as const;
  if (field.kind === 'date') return <input {...written} type="date" />;
  return (
    <input
      {...written}
      type="text"
      {...(field.kind === 'number' ? { inputMode: 'numeric' as const } : {})}
      {...(field.longest_chars === null ? {} : { maxLength: field.longest_chars })}
    />
  );
}

const yesNo = [
  { value: 'true', label: { ko: '예', en: 'Yes' } },
  { value: 'false', label: { ko: '아니요', en: 'No' } },
];
