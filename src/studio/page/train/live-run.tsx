// One run as it goes: what it does, its figures, its curves, and what can be done with it.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { clock, count, duration, percent } from '../../../format.ts';
import type { RunView } from '../../protocol.ts';
import { Icon, type IconName } from '../components/icon.tsx';
import { Problem } from '../components/problem.tsx';
import { TAB_PREFIX, type TabProgress } from '../engine/tab/messages.ts';
import { strings } from '../i18n/strings.ts';
import { href } from '../router.ts';
import { storeOf } from '../state/runs.ts';
import { tabProgress } from '../state/tab.ts';
import { Curves } from './curves.tsx';

/** @param onStopped after the run was ended for good */
export function LiveRun({ run, onStopped }: { run: RunView; onStopped: () => void }) {
  const { train } = strings.value;
  const doing = tabProgress.value.get(run.id);
  const place = run.id.startsWith(TAB_PREFIX) ? train.inTab : train.inNode;
  const about = [run.config?.model, run.config?.dataset, place].filter(Boolean).join(' · ');
  return (
    <section class="panel live" aria-label={train.watch}>
      <header class="live-head">
        <div>
          <h2>{run.name}</h2>
          <p class="soft small">{about}</p>
        </div>
        <span class={`state ${run.state}`}>{train.states[run.state]}</span>
      </header>
      <p class="visually-hidden" aria-live="polite">
        {train.announce(run.name, train.states[run.state])}
      </p>
      <Where run={run} doing={doing} />
      {run.problem !== null && <Problem error={run.problem} />}
      {run.state === 'interrupted' && <p class="note">{train.interruptedText}</p>}
      <Figures run={run} doing={doing} />
      <Actions run={run} onStopped={onStopped} />
      <Curves id={run.id} />
      <Messages run={run} />
    </section>
  );
}

/** How far it is: a bar, and the same in words. */
function Where({ run: { state, progress, config }, doing }: { run: RunView; doing: TabProgress | undefined }) {
  const { train } = strings.value;
  const at = doing?.doing === 'training' ? doing : progress;
  const works = state === 'running' || state === 'starting' || state === 'pausing';
  const measured = doing?.doing === 'validating' || doing?.doing === 'testing' ? doing : undefined;
  return (
    <div class="where">
      <progress
        aria-label={train.progress}
        max={at?.steps ?? 1}
        value={at ? at.step : state === 'starting' ? undefined : 0}
      />
      <p class="small soft">
        {measured
          ? train.doing[measured.doing](count(measured.images), count(measured.of))
          : at
            ? `${train.epochOf(count(at.epoch), count(at.epochs))} · ${train.stepOf(count(at.step), count(at.steps))}`
            : works && train.doing.preparing}
        {!at && !works && config && train.epochOf('0', count(config.epochs))}
      </p>
    </div>
  );
}

function Figures({ run: { state, progress, result }, doing }: { run: RunView; doing: TabProgress | undefined }) {
  const { train } = strings.value;
  const at = doing?.doing === 'training' ? doing : progress;
  const works = state === 'running' || state === 'pausing';
  if (!at && !result) return null;
  return (
    <dl class="figures">
      {result?.accuracy != null && !works && (
        <div class="main-figure">
          <dt>{train.testAccuracy}</dt>
          <dd data-figure="test-accuracy">{percent(result.accuracy)}</dd>
          <dd class="soft small">{train.testedOn}</dd>
        </div>
      )}
      {at && (
        <>
          <Figure name="loss" label={train.loss} value={at.loss.toPrecision(3)} />
          <Figure name="accuracy" label={train.accuracy} value={percent(at.accuracy)} />
          <Figure
            name="learning-rate"
            label={train.learningRate}
            value={String(Number(at.learningRate.toPrecision(3)))}
          />
          <Figure
            name="speed"
            label={train.speed}
            value={count(Math.round(works || !result ? at.imagesPerSecond : result.imagesPerSecond))}
          />
        </>
      )}
      {at && works && <Figure name="time-left" label={train.timeLeft} value={clock(at.secondsLeft)} />}
      {result && !works && <Figure name="took" label={train.trained} value={duration(result.trainSeconds)} />}
      {result && !works && (
        <div class="hash">
          <dt>{train.weights}</dt>
          <dd>
            <code data-figure="weights-hash">{result.weightsHash}</code>
          </dd>
        </div>
      )}
    </dl>
  );
}

function Figure({ name, label, value }: { name: string; label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd data-figure={name}>{value}</dd>
    </div>
  );
}

function Actions({ run, onStopped }: { run: RunView; onStopped: () => void }) {
  const { train } = strings.value;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const { id, can } = run;
  // What was asked for shows as another state, or as a problem.
  const state = useRef(run.state);
  useEffect(() => {
    if (state.current !== run.state) setProblem(undefined);
    state.current = run.state;
  }, [run.state]);
  const act = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    await work().catch(setProblem);
    setBusy(false);
  };
  const stop = async () => {
    await storeOf(id).pause(id);
    onStopped();
  };
  return (
    <>
      <div class="row">
        {can.pause && (
          <>
            <Act icon="pause" label={train.pause} busy={busy} onClick={() => act(() => storeOf(id).pause(id))} />
            <Act icon="stop" label={train.stop} title={train.stopText} busy={busy} onClick={() => act(stop)} />
          </>
        )}
        {can.resume && (
          <Act icon="play" label={train.resume} busy={busy} onClick={() => act(() => storeOf(id).resume(id))} primary />
        )}
        {run.hasModel && (
          <>
            <a class="button" href={href('draw', { run: id })}>
              <Icon name="draw" /> {train.draw}
            </a>
            <a class="button" href={href('inside', { run: id })}>
              <Icon name="inside" /> {train.inside}
            </a>
          </>
        )}
      </div>
      {problem !== undefined && <Problem error={problem} />}
    </>
  );
}

interface ActProps {
  readonly icon: IconName;
  readonly label: string;
  readonly title?: string;
  readonly busy: boolean;
  readonly primary?: boolean;
  readonly onClick: () => void;
}

function Act({ icon, label, title, busy, primary = false, onClick }: ActProps) {
  return (
    <button type="button" class={primary ? 'button primary' : 'button'} title={title} disabled={busy} onClick={onClick}>
      <Icon name={icon} /> {label}
    </button>
  );
}

/** Warnings about its data and settings, and what its process said. */
function Messages({ run: { id, state } }: { run: RunView }) {
  const { train } = strings.value;
  const [messages, setMessages] = useState<readonly string[]>([]);
  useEffect(() => {
    let wanted = true;
    storeOf(id)
      .detail(id)
      .then((detail) => wanted && setMessages(detail.messages))
      .catch(() => {});
    return () => {
      wanted = false;
    };
  }, [id, state]);
  const shown = useMemo(() => messages.filter((text) => text.trim() !== ''), [messages]);
  if (shown.length === 0) return null;
  return (
    <details>
      <summary>{train.messages(shown.length)}</summary>
      <ul class="messages small">
        {shown.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </details>
  );
}
