// How good a trained run is, image by image: measured once by `residua evaluate`, then kept in the run folder beside the model
// that it was measured on.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../../files/write-atomically.node.ts';
import type { RunEvaluation } from '../../train/run/node.ts';
import type { EvaluationAnswer } from '../protocol.ts';
import { checkPresence } from './datasets.ts';
import { RequestError } from './request-error.ts';
import type { RunRecord } from './run-record.ts';
import { Shared } from './shared.ts';
import type { Tools } from './tools.ts';

const FILE = 'evaluation.json';

interface Kept {
  /** Which model it was. */
  readonly model: string;
  readonly answer: EvaluationAnswer;
}

export class Evaluations {
  readonly #tools: Tools;
  readonly #shared = new Shared<EvaluationAnswer>(8);

  constructor(tools: Tools) {
    this.#tools = tools;
  }

  /** @throws RequestError where there is no model yet, or its data set is not here */
  async of(record: RunRecord): Promise<EvaluationAnswer> {
    const found = await stat(record.files.model).catch(() => {
      throw noModel(record.id);
    });
    const model = `${found.mtimeMs} ${found.size}`;
    return this.#shared.get(`${record.path} ${model}`, async () => {
      const path = join(record.path, FILE);
      return (await read(path, model)) ?? (await this.#measure(record, path, model));
    });
  }

  async #measure({ path: folder, config }: RunRecord, path: string, model: string): Promise<EvaluationAnswer> {
    const dataset = config?.dataset;
    if (config === undefined || dataset === undefined) throw new RequestError('conflict', 'config.json is damaged');
    checkPresence(dataset, 'test');
    const limit = config.limit === null ? [] : [`--limit=${config.limit}`];
    const words = ['evaluate', folder, `--dataset=${dataset}`, '--predictions', ...limit];
    const { predictions = null, ...evaluation } = (await this.#tools.run(words)) as RunEvaluation;
    const classes = evaluation.perClass.map(({ name }) => name);
    const answer: EvaluationAnswer = { ...evaluation, dataset, classes, predictions };
    const kept: Kept = { model, answer };
    // Where the folder can't be written, it is kept in memory alone.
    await writeAtomically(path, `${JSON.stringify(kept)}\n`).catch(() => {});
    return answer;
  }
}

async function read(path: string, model: string): Promise<EvaluationAnswer | undefined> {
  try {
    const kept = JSON.parse(await readFile(path, 'utf8')) as Kept;
    return kept.model === model && Array.isArray(kept.answer.perClass) ? kept.answer : undefined;
  } catch {
    return undefined; // not there, or damaged: measured again
  }
}

export function noModel(id: string): RequestError {
  return new RequestError('not-found', `${id} has no model yet`, {
    hint: 'A run writes it when it ends or is paused.',
  });
}
