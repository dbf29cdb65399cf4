// The form that a run is begun with: where, what data, by which recipe; everything else is the recipe's unless it is said here.

import { useState } from 'preact/hooks';
import { bytes, count } from '../../../format.ts';
import type { Catalogue, DatasetView } from '../../protocol.ts';
import { Icon } from '../components/icon.tsx';
import { Problem } from '../components/problem.tsx';
import { strings } from '../i18n/strings.ts';
import { backend } from '../state/backend.ts';
import { tabRuns, trainsHere } from '../state/tab.ts';
import { Choice, NumberField, SelectField, TextField } from './fields.tsx';
import {
  change,
  chooseDataset,
  choosePlace,
  FOLDER,
  type Form,
  form,
  LOG_EVERY,
  nameIsWrong,
  type Place,
  reset,
  settings,
} from './form.ts';
import { refusal, resolved } from './resolved.ts';

const places: readonly Place[] = ['node', 'tab'];

interface SettingsFormProps {
  readonly catalogue: Catalogue;
  readonly onStarted: (id: string) => void;
}

export function SettingsForm({ catalogue, onStarted }: SettingsFormProps) {
  const { train } = strings.value;
  const [starting, setStarting] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const { place, name } = form.value;
  const said = settings.value;
  const busy = place === 'tab' && trainsHere.value;
  const start = async (event: Event) => {
    event.preventDefault();
    if (!said) return;
    setStarting(true);
    setProblem(undefined);
    try {
      const wanted = name.trim() || undefined;
      onStarted(
        place === 'tab'
          ? await tabRuns.start(said, wanted)
          : (await backend.start({ settings: said, name: wanted })).id,
      );
    } catch (error) {
      setProblem(error);
    } finally {
      setStarting(false);
    }
  };
  return (
    <form class="panel train-form" aria-label={train.settings} onSubmit={start} onReset={reset}>
      <h2>{train.settings}</h2>
      {backend.kind === 'server' && <PlaceChoice />}
      <p class="soft small">{place === 'tab' ? train.placeText.tab(threadsOfTab()) : train.placeText.node}</p>
      {place === 'tab' && !crossOriginIsolated && <p class="soft small">{train.oneThread}</p>}
      <What catalogue={catalogue} />
      <details>
        <summary>{train.more}</summary>
        <More catalogue={catalogue} />
      </details>
      <Outcome catalogue={catalogue} />
      {refusal.value !== undefined && <Problem error={refusal.value} />}
      {problem !== undefined && <Problem error={problem} />}
      {busy && <p class="note">{train.busy}</p>}
      <div class="row">
        <button
          type="submit"
          class="button primary"
          disabled={starting || busy || !said || nameIsWrong.value || refusal.value !== undefined}
        >
          <Icon name="play" /> {starting ? train.starting : train.start}
        </button>
        <button type="reset" class="button">
          {train.reset}
        </button>
      </div>
    </form>
  );
}

const threadsOfTab = () => (crossOriginIsolated ? navigator.hardwareConcurrency : 1);

function PlaceChoice() {
  const { train } = strings.value;
  return (
    <fieldset class="field">
      <legend>{train.where}</legend>
      <div class="segments">
        {places.map((place) => (
          <label key={place}>
            <input
              type="radio"
              name="place"
              value={place}
              checked={form.value.place === place}
              onChange={() => choosePlace(place)}
            />
            {train.places[place]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function What({ catalogue: { datasets, recipes, models } }: { catalogue: Catalogue }) {
  const { train } = strings.value;
  const { place, dataset, recipe, model } = form.value;
  const usual = recipes.find(({ name }) => name === recipe);
  const chosen = datasets.find(({ name }) => name === dataset);
  const families = [...new Set(models.map(({ family }) => family))];
  const described = models.find(({ name }) => name === (model || usual?.config.model))?.description;
  return (
    <>
      <SelectField
        name="dataset"
        label={train.dataset}
        value={dataset}
        onChoose={chooseDataset}
        hint={chosen && hintOf(chosen, place)}
      >
        {datasets.map(({ name, title, found }) => (
          <option key={name} value={name} disabled={place === 'tab' && !found}>
            {train.datasets[name] ?? title}
            {found ? '' : ` (${train.notHere})`}
          </option>
        ))}
        {place === 'node' && <option value={FOLDER}>{train.folder}</option>}
      </SelectField>
      {dataset === FOLDER && <TextField name="folder" label={train.folderPath} hint={train.folderHint} />}
      <SelectField
        name="recipe"
        label={train.recipe}
        value={recipe}
        onChoose={(value) => change({ recipe: value as Form['recipe'] })}
        hint={train.recipes[recipe] ?? usual?.description}
      >
        {recipes.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </SelectField>
      <SelectField
        name="model"
        label={train.model}
        value={model}
        onChoose={(value) => change({ model: value })}
        hint={described}
      >
        <option value="">
          {usual?.config.model} ({train.asRecipe})
        </option>
        {families.map((family) => (
          <optgroup key={family} label={train.families[family]}>
            {models
              .filter((each) => each.family === family)
              .map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
          </optgroup>
        ))}
      </SelectField>
      <div class="pair">
        <NumberField name="epochs" label={train.epochs} usual={usual?.config.epochs} />
        <NumberField name="limit" label={train.limit} usual={train.all} />
      </div>
    </>
  );
}

function hintOf({ found, downloadBytes }: DatasetView, place: Place): string | undefined {
  if (found) return undefined;
  const { train } = strings.value;
  return place === 'tab' ? train.notHere : train.toDownload(bytes(downloadBytes));
}

function More({ catalogue: { choices, cores } }: { catalogue: Catalogue }) {
  const { train } = strings.value;
  const config = resolved.value?.config;
  return (
    <div class="fields">
      <NumberField name="batchSize" label={train.batchSize} usual={config?.batchSize} />
      <NumberField name="lr" label={train.lr} usual={config?.learningRate} />
      <Choice name="optimizer" label={train.optimizer} names={choices.optimizers} usual={config?.optimizer.name} />
      <Choice name="schedule" label={train.schedule} names={choices.schedules} usual={config?.schedule.name} />
      <NumberField name="weightDecay" label={train.weightDecay} usual={config?.optimizer.weightDecay ?? 0} />
      <NumberField name="labelSmoothing" label={train.labelSmoothing} usual={config?.labelSmoothing} />
      <NumberField name="dropout" label={train.dropout} usual={config?.modelOptions.dropout ?? 0} />
      <Choice name="augment" label={train.augment} names={choices.augmentations} />
      <NumberField name="validation" label={train.validation} usual={train.none} />
      <NumberField name="logEvery" label={train.logEvery} usual={LOG_EVERY} />
      <NumberField name="seed" label={train.seed} usual={config?.seed} />
      <NumberField
        name="threads"
        label={train.threads}
        usual={train.cores(form.value.place === 'tab' ? threadsOfTab() : cores)}
      />
      <TextField
        name="name"
        label={train.name}
        hint={train.nameHint}
        usual={train.byDate}
        isWrong={nameIsWrong.value}
      />
    </div>
  );
}

/** How long the run will be, and how to have it in a terminal. */
function Outcome({ catalogue: { datasets } }: { catalogue: Catalogue }) {
  const { train } = strings.value;
  if (!resolved.value || !settings.value) return null;
  const { config, command } = resolved.value;
  const { limit, validationImages, epochs, batchSize, accumulate } = config;
  const all = datasets.find(({ name }) => name === config.dataset)?.trainImages;
  const images = all === undefined ? undefined : Math.min(limit ?? all, all) - validationImages;
  return (
    <div class="outcome small" aria-live="polite">
      {images !== undefined && (
        <p class="soft">
          {train.comesTo(count(images), count(epochs), count(epochs * Math.ceil(images / (batchSize * accumulate))))}
        </p>
      )}
      {command && (
        <p>
          <span class="soft">{train.inTerminal}</span> <code>{command}</code>
        </p>
      )}
    </div>
  );
}
