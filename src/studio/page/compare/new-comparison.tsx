// The form that starts a comparison: which networks, and what they are trained on. Everything else is the same for all.

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ResiduaError } from '../../../errors.ts';
import { type CompareSettings, compareDefaults } from '../../../train/compare/settings.ts';
import type { Catalogue } from '../../protocol.ts';
import { Problem } from '../components/problem.tsx';
import { strings } from '../i18n/strings.ts';
import { backend } from '../state/backend.ts';
import { activationName } from './kinds.ts';

type Activations = NonNullable<CompareSettings['activations']>;

/** As the form holds them: numbers as they are typed. */
const usual = {
  depths: compareDefaults.depths.join(', '),
  activations: compareDefaults.activations as Activations,
  batchNorm: compareDefaults.batchNorm as NonNullable<CompareSettings['batchNorm']>,
  dataset: compareDefaults.dataset as string,
  limit: String(compareDefaults.limit),
  epochs: String(compareDefaults.epochs),
  seed: String(compareDefaults.seed),
};

export function NewComparison({ onStarted }: { onStarted: (id: string) => void }) {
  const { compare } = strings.value;
  const [form, setForm] = useState(usual);
  const [catalogue, setCatalogue] = useState<Catalogue>();
  const [problem, setProblem] = useState<unknown>();
  const [starting, setStarting] = useState(false);
  useEffect(() => {
    backend.catalogue().then(setCatalogue, setProblem);
  }, []);
  const change = (changes: Partial<typeof usual>) => setForm({ ...form, ...changes });
  const depths = form.depths.split(/[\s,，]+/).filter((text) => text !== '');
  const wrong = depths.filter((text) => !isDepth(text));
  const count = 2 * depths.length * form.activations.length * (form.batchNorm === 'both' ? 2 : 1);

  const start = async (event: Event) => {
    event.preventDefault();
    setProblem(undefined);
    if (wrong.length > 0 || count === 0) return setProblem(new ResiduaError(compare.wrongDepths));
    setStarting(true);
    const { activations, batchNorm, dataset } = form;
    const numbers = { epochs: Number(form.epochs), seed: Number(form.seed) };
    const limit = form.limit.trim() === '' ? ('all' as const) : Number(form.limit);
    try {
      const settings = { depths: depths.map(Number), activations, batchNorm, dataset, limit, ...numbers };
      onStarted((await backend.compare({ settings })).id);
    } catch (error) {
      setProblem(error);
    } finally {
      setStarting(false);
    }
  };
  return (
    <form class="panel new-comparison" onSubmit={start}>
      <h2>{compare.start}</h2>
      <div class="new-fields">
        <Field label={compare.depths} hint={compare.depthsHint}>
          <input
            value={form.depths}
            aria-invalid={wrong.length > 0}
            onInput={({ currentTarget }) => change({ depths: currentTarget.value })}
          />
        </Field>
        <fieldset class="field">
          <legend>{compare.activation}</legend>
          <div class="row">
            {((catalogue?.choices.activations as Activations | undefined) ?? usual.activations).map((name) => (
              <label key={name} class="check">
                <input
                  type="checkbox"
                  checked={form.activations.includes(name)}
                  onChange={({ currentTarget }) =>
                    change({
                      activations: currentTarget.checked
                        ? [...form.activations, name]
                        : form.activations.filter((other) => other !== name),
                    })
                  }
                />
                {activationName(name)}
              </label>
            ))}
          </div>
        </fieldset>
        <Field label={compare.batchNorm}>
          <select
            value={form.batchNorm}
            onChange={({ currentTarget }) => change({ batchNorm: currentTarget.value as 'both' })}
          >
            {(['both', 'with', 'without'] as const).map((choice) => (
              <option key={choice} value={choice}>
                {compare[choice]}
              </option>
            ))}
          </select>
        </Field>
        <Field label={compare.dataset}>
          <select value={form.dataset} onChange={({ currentTarget }) => change({ dataset: currentTarget.value })}>
            {(catalogue?.datasets ?? [{ name: 'mnist', title: 'MNIST' }]).map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </Field>
        {(['limit', 'epochs', 'seed'] as const).map((name) => (
          <Field key={name} label={compare[name]}>
            <input
              inputMode="numeric"
              value={form[name]}
              onInput={({ currentTarget }) => change({ [name]: currentTarget.value })}
            />
          </Field>
        ))}
      </div>
      {problem !== undefined && <Problem error={problem} />}
      <div class="row">
        <button type="submit" class="button primary" disabled={starting}>
          {compare.startIt(count)}
        </button>
        <span class="soft small">{compare.startText}</span>
      </div>
    </form>
  );
}

function Field({ label, hint, children }: { label: string; hint?: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label class="field">
      <span>{label}</span>
      {children}
      {hint && <small>{hint}</small>}
    </label>
  );
}

const isDepth = (text: string) => /^\d+$/.test(text) && Number(text) >= 8 && (Number(text) - 2) % 6 === 0;
