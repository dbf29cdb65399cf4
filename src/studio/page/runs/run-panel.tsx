// All that is known of one run: figures, curves, what it takes for what, and what can be done with it.

import { useEffect, useState } from 'preact/hooks';
import { bytes, count, duration, percent } from '../../../format.ts';
import type { ExportFormat, RunDetail, RunView } from '../../protocol.ts';
import { Confirm } from '../components/confirm.tsx';
import { Icon } from '../components/icon.tsx';
import { Problem } from '../components/problem.tsx';
import { RunCurves } from '../components/run-curves.tsx';
import { StateBadge } from '../components/state-badge.tsx';
import { strings } from '../i18n/strings.ts';
import { href, navigate } from '../router.ts';
import { storeOf } from '../state/runs.ts';
import { Quality } from './quality.tsx';

export function RunPanel({ run }: { run: RunView }) {
  const { runs: text } = strings.value;
  const [detail, setDetail] = useState<RunDetail>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    let wanted = true;
    setError(undefined);
    storeOf(run.id)
      .detail(run.id)
      .then(
        (found) => wanted && setDetail(found),
        (reason) => wanted && setError(reason),
      );
    return () => {
      wanted = false;
    };
  }, [run.id, run.updated, run.state]);
  const known = detail?.id === run.id ? detail : undefined;
  return (
    <section class="panel run" aria-labelledby="run-name">
      <div class="run-head">
        <h2 id="run-name">{run.name}</h2>
        <StateBadge state={run.state} />
        <a class="icon-button" href={href('runs')} aria-label={strings.value.shell.close}>
          <Icon name="close" />
        </a>
      </div>
      {run.problem && <Problem error={run.problem} />}
      {error !== undefined && <Problem error={error} />}
      <Actions run={run} />
      <Figures run={run} files={known?.files ?? {}} />
      {run.progress && <RunCurves runs={[run]} />}
      {known && <Quality detail={known} />}
      {run.result && (
        <p class="soft small">
          {text.hash} <code>{run.result.weightsHash}</code>
        </p>
      )}
    </section>
  );
}

function Figures({ run, files }: { run: RunView; files: Readonly<Record<string, number>> }) {
  const { runs: text } = strings.value;
  const { config, result } = run;
  const model = files['model.safetensors'];
  const figures: [string, string | undefined][] = [
    [text.columns.accuracy, result?.accuracy == null ? undefined : percent(result.accuracy)],
    [text.columns.loss, result?.loss?.toFixed(4)],
    [text.columns.epochs, config ? `${count(result?.epochs ?? 0)} / ${count(config.epochs)}` : undefined],
    [text.columns.time, result ? duration(result.trainSeconds) : undefined],
    [text.columns.speed, result ? count(Math.round(result.imagesPerSecond)) : undefined],
    [text.recipe, config?.recipe],
    [text.optimizer, config ? `${config.optimizer.name}, ${config.learningRate}` : undefined],
    [text.batch, config ? count(config.batchSize) : undefined],
    [text.seed, config ? String(config.seed) : undefined],
    [text.modelFile, model ? bytes(model) : undefined],
  ];
  return (
    <dl class="facts">
      {figures.map(([name, value]) =>
        value === undefined ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function Actions({ run }: { run: RunView }) {
  const { runs: text, shell } = strings.value;
  const [problem, setProblem] = useState<unknown>();
  const [confirming, setConfirming] = useState(false);
  const { id, hasModel, hasReport, can } = run;
  const store = storeOf(id);
  const report = hasReport ? store.report(id) : null;
  const save = async (to: ExportFormat) => {
    const { url, fileName } = await store.exportFile(id, to);
    Object.assign(document.createElement('a'), { href: url, download: fileName }).click();
  };
  const remove = () =>
    store.remove(id).then(
      () => navigate('runs'),
      (error) => setProblem(error),
    );
  return (
    <>
      <div class="row">
        {hasModel && (
          <>
            <a class="button" href={href('draw', { run: id })}>
              <Icon name="draw" /> {shell.pages.draw}
            </a>
            <a class="button" href={href('inside', { run: id })}>
              <Icon name="inside" /> {shell.pages.inside}
            </a>
            {store.exportFormats.map((format) => (
              <button key={format} type="button" class="button" onClick={() => save(format).catch(setProblem)}>
                <Icon name="download" /> {format.toUpperCase()}
              </button>
            ))}
          </>
        )}
        {report && (
          <a class="button" href={report} target="_blank" rel="noreferrer">
            {text.report}
          </a>
        )}
        {can.remove && (
          <button type="button" class="button danger" onClick={() => setConfirming(true)}>
            <Icon name="clear" /> {text.remove}
          </button>
        )}
      </div>
      {problem !== undefined && <Problem error={problem} />}
      {confirming && (
        <Confirm
          title={text.removeTitle(run.name)}
          text={text.removeText}
          action={text.remove}
          onConfirm={remove}
          onClose={() => setConfirming(false)}
        />
      )}
    </>
  );
}
