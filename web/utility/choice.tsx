// A list to choose one thing from, under its label.
interface ChoiceProps {
  /** Of the element, and for tests. */
  id: string;
  label: string;
  value: string;
  /** What is chosen, and what it is called. */
  options: readonly (readonly [value: string, name: string])[];
  required?: boolean;
  onChoose: (value: string) => void;
}

export function Choice({ id, label, value, options, required = false, onChoose }: ChoiceProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        class="input"
        required={required}
        value={value}
        onChange={(event) => onChoose(event.currentTarget.value)}
        data-testid={id}
      >
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}
