// What the worker does with runs of the tab: completes what is said of one, trains, measures and deletes.

import { DataLoader } from '../../../data/index.ts';
import { createDevice } from '../../../devices/create-device.browser.ts';
import { UsageError } from '../../../errors.ts';
import { evaluate } from '../../../train/evaluate.ts';
import { PredictionList } from '../../../train/metrics/predictions.ts';
import { readModelFile } from '../../../train/model-file.ts';
import { EVALUATION_BATCH } from '../../../train/run/build.ts';
import type { RunConfig } from '../../../train/run/config.ts';
import { completeConfig } from '../../../train/run/resolve-config.ts';
import { configOfSettings } from '../../../train/run/settings.ts';
import { createTask } from '../../../train/task.ts';
import type { EvaluationAnswer, RunSettings } from '../../protocol.ts';
import { whileLocked } from './tab/locks.ts';
import { readData, type TabData, tabPlatform } from './tab/platform.ts';
import { fileNames, openRunFiles, removeRunFiles } from './tab/storage.ts';
import { readConfig, resumeRun, startRun } from './tab/training.ts';

/** A tab may be closed at any moment, and nobody thinks of saving before. */
const CHECKPOINT_SECONDS = 15;

export const trainingJobs = {
  /** What settings come to here. @throws UsageError that says what is wrong with them */
  configure({ settings }: { settings: RunSettings }): RunConfig {
    const { findDataset } = tabPlatform();
    const versions = { browser: navigator.userAgent };
    const frequent = { ...settings, checkpointSeconds: settings.checkpointSeconds ?? CHECKPOINT_SECONDS };
    return configOfSettings(frequent, (overrides) => completeConfig(overrides, { findDataset, versions }));
  },

  configOf: async ({ name }: { name: string }): Promise<RunConfig> => readConfig(await openRunFiles(name)),

  /** @returns the run's name, once it trains */
  start: ({ config, data, name }: { config: RunConfig; data: TabData; name?: string }) => startRun(config, data, name),

  /** @returns the run's name, once it trains */
  resume: ({ name, data }: { name: string; data: TabData }) => resumeRun(name, data),

  /** @throws ResiduaError where a tab works on it */
  remove: ({ name }: { name: string }) => whileLocked(name, () => removeRunFiles(name)),

  async evaluate({ name, test }: { name: string; test: Uint8Array }): Promise<EvaluationAnswer> {
    const bytes = await (await openRunFiles(name)).read(fileNames.model);
    if (!bytes) throw new UsageError(`${name} has no weights yet`, { hint: 'Pause it, or wait for its end.' });
    const { model, card, preprocessing } = readModelFile(bytes, `${name}/${fileNames.model}`);
    const dataset = readData(test, `${card.dataset} test`);
    const loader = new DataLoader(dataset, { batchSize: EVALUATION_BATCH, transform: preprocessing });
    const device = await createDevice();
    const predictions = card.task === 'single-label' ? new PredictionList() : null;
    try {
      const evaluation = await evaluate({
        device,
        model,
        loader,
        task: createTask(card.task),
        onLogits: (logits, { labels, size }) => predictions?.add(logits, labels.subarray(0, size)),
      });
      return {
        ...evaluation,
        dataset: card.dataset,
        classes: card.classes,
        predictions: predictions && { ...predictions },
      };
    } finally {
      await device.close();
    }
  },
};
