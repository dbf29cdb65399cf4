// The fields of the form: a label, what is filled in, and what is wrong with it.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { strings } from '../i18n/strings.ts';
import { change, type Form, form, type NumberName, numbers, wrong } from './form.ts';

/** @param usual what holds where nothing is filled in */
export function NumberField({ name, label, usual }: { name: NumberName; label: string; usual?: string | number }) {
  const { train } = strings.value;
  const { whole, least, ...rest } = numbers[name];
  const problem = useId();
  const isWrong = wrong.value.has(name);
  return (
    <label class="field">
      <span>{label}</span>
      <input
        name={name}
        inputMode={whole ? 'numeric' : 'decimal'}
        autocomplete="off"
        value={form.value[name]}
        placeholder={usual === undefined ? '' : String(usual)}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? problem : undefined}
        onInput={({ currentTarget }) => change({ [name]: currentTarget.value })}
      />
      {isWrong && (
        <small id={problem} class="wrong">
          {whole ? train.whole(least) : train.number(least, 'most' in rest ? rest.most : undefined)}
        </small>
      )}
    </label>
  );
}

interface TextFieldProps {
  readonly name: 'folder' | 'name';
  readonly label: string;
  readonly hint: string;
  readonly usual?: string;
  readonly isWrong?: boolean;
}

export function TextField({ name, label, hint, usual = '', isWrong = false }: TextFieldProps) {
  const described = useId();
  return (
    <label class="field">
      <span>{label}</span>
      <input
        name={name}
        autocomplete="off"
        spellcheck={false}
        value={form.value[name]}
        placeholder={usual}
        aria-invalid={isWrong}
        aria-describedby={described}
        onInput={({ currentTarget }) => change({ [name]: currentTarget.value })}
      />
      <small id={described} class={isWrong ? 'wrong' : ''}>
        {hint}
      </small>
    </label>
  );
}

interface SelectFieldProps {
  readonly name: keyof Form;
  readonly label: string;
  readonly value: string;
  readonly onChoose: (value: string) => void;
  readonly children: ComponentChildren;
  readonly hint?: string;
}

export function SelectField({ name, label, value, onChoose, children, hint }: SelectFieldProps) {
  const described = useId();
  return (
    <label class="field">
      <span>{label}</span>
      <select
        name={name}
        value={value}
        aria-describedby={hint ? described : undefined}
        onChange={({ currentTarget }) => onChoose(currentTarget.value)}
      >
        {children}
      </select>
      {hint && <small id={described}>{hint}</small>}
    </label>
  );
}

interface ChoiceProps {
  readonly name: 'optimizer' | 'schedule' | 'augment';
  readonly label: string;
  /** Names that the option takes. */
  readonly names: readonly string[];
  /** Of the recipe; undefined where it has no name. */
  readonly usual?: string;
}

/** One of the names that an option takes, or the recipe's. */
export function Choice({ name, label, names, usual }: ChoiceProps) {
  const { train } = strings.value;
  return (
    <SelectField name={name} label={label} value={form.value[name]} onChoose={(value) => change({ [name]: value })}>
      <option value="">{usual === undefined ? train.asRecipe : `${usual} (${train.asRecipe})`}</option>
      {names.map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </SelectField>
  );
}
