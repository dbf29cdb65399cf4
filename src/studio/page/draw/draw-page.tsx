// The Draw page: paper on the left, the network's answer on the right, and what it saw of the drawing.

import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { percent } from '../../../format.ts';
import type { RunView } from '../../protocol.ts';
import { Icon } from '../components/icon.tsx';
import { NetworkPage } from '../components/network-page.tsx';
import { Problem } from '../components/problem.tsx';
import { strings } from '../i18n/strings.ts';
import { href } from '../router.ts';
import type { UsableNetwork } from '../state/network.ts';
import { blank, lightOnDark, mayBeInverted, pictureFor, showFile, showTestImage, source } from '../state/picture.ts';
import './draw.css';
import { DrawingPad } from './drawing-pad.tsx';
import { Probabilities } from './probabilities.tsx';
import { Seen } from './seen.tsx';
import { type Answered, useAnswer } from './use-answer.ts';

/** For networks that see colours. */
const PENS = ['#1d1a16', '#c2281d', '#e08a00', '#2f7d32', '#2457b8', '#7a4a21'];

export function DrawPage() {
  const { draw } = strings.value;
  return (
    <NetworkPage title={draw.title} lead={draw.lead}>
      {(run, network) => <Board run={run} network={network} />}
    </NetworkPage>
  );
}

function Board({ run, network: { key, card } }: { run: RunView; network: UsableNetwork }) {
  const { draw } = strings.value;
  const [marks, setMarks] = useState(true);
  const [target, setTarget] = useState<number>();
  const [pen, setPen] = useState(PENS[0]);
  const [problem, setProblem] = useState<unknown>();
  const shown = source.value;
  const inverted = lightOnDark.value;
  const inColour = card.imageShape[0] === 3;

  const picture = useMemo(() => pictureFor(shown, card, inverted), [shown, card, inverted]);
  const question = useMemo(() => picture && { key, picture, explain: marks, target }, [key, picture, marks, target]);
  const { answered, error } = useAnswer(question);
  const attempt = useCallback((work: Promise<void>) => {
    setProblem(undefined);
    work.catch(setProblem);
  }, []);
  const openFile = useCallback((file: Blob) => attempt(showFile(file)), [attempt]);
  const clear = () => {
    source.value = blank;
    setTarget(undefined);
  };
  const undo = () => {
    source.value = shown.kind === 'drawing' ? { kind: 'drawing', strokes: shown.strokes.slice(0, -1) } : blank;
  };
  return (
    <div class="board">
      <section class="board-paper" aria-label={draw.paper}>
        <DrawingPad penColour={inColour ? pen : undefined} answered={answered} picture={picture} onFile={openFile} />
        <div class="row">
          <button type="button" class="button" disabled={!picture} onClick={undo}>
            <Icon name="undo" /> {draw.undo}
          </button>
          <button type="button" class="button" disabled={!picture} onClick={clear}>
            <Icon name="clear" /> {draw.clear}
          </button>
          <FileButton label={draw.file} onFile={openFile} />
          <button type="button" class="button" onClick={() => attempt(showTestImage(run))}>
            <Icon name="dice" /> {draw.testImage}
          </button>
        </div>
        {inColour && <Pens chosen={pen} onChoose={setPen} />}
        {mayBeInverted(card) && (
          <label class="check">
            <input
              type="checkbox"
              checked={inverted}
              onChange={({ currentTarget }) => {
                lightOnDark.value = currentTarget.checked;
              }}
            />
            {draw.lightOnDark}
          </label>
        )}
        <p class="soft small">
          {shown.kind === 'image' && shown.testIndex !== undefined ? draw.isTestImage(shown.testIndex) : draw.drop}
        </p>
      </section>
      <section class="panel board-answer" aria-label={draw.answer}>
        <Headline answered={answered} />
        {problem !== undefined && <Problem error={problem} />}
        {error !== undefined && <Problem error={error} />}
        <Probabilities
          classes={card.classes}
          probabilities={answered?.answer.probabilities}
          explained={marks ? (answered?.explanation?.explained ?? target) : undefined}
          onExplain={(index) => {
            setMarks(true);
            setTarget(index === target ? undefined : index);
          }}
        />
        <div class="board-seen">
          <Seen answered={answered} />
          <div>
            <label class="check">
              <input
                type="checkbox"
                checked={marks}
                onChange={({ currentTarget }) => setMarks(currentTarget.checked)}
              />
              {draw.marks}
            </label>
            <p class="soft small">
              {answered?.explanation ? draw.marksOf(card.classes[answered.explanation.explained]) : draw.marksText}
            </p>
          </div>
        </div>
        {picture && (
          <p class="small">
            <a href={href('inside', { run: run.id })}>{draw.lookInside}</a>
          </p>
        )}
      </section>
      <Spoken answered={answered} />
    </div>
  );
}

function Headline({ answered }: { answered: Answered | undefined }) {
  const { draw } = strings.value;
  const best = answered?.answer.probabilities[0];
  if (!best) return <p class="headline blank">{draw.waiting}</p>;
  return (
    <p class="headline" aria-hidden="true">
      <span class={best.label.length > 2 ? 'label long' : 'label'}>{best.label}</span>
      <span>
        <b>{percent(best.probability, 1)}</b>
        <span class="soft small">{draw.took(answered.answer.milliseconds)}</span>
      </span>
    </p>
  );
}

/** Says the answer to those who don't see it, when it has settled. */
function Spoken({ answered }: { answered: Answered | undefined }) {
  const { draw } = strings.value;
  const [text, setText] = useState('');
  const best = answered?.answer.probabilities[0];
  const said = best ? draw.said(best.label, percent(best.probability, 0)) : '';
  useEffect(() => {
    const timer = setTimeout(() => setText(said), 700);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <p class="visually-hidden" role="status">
      {text}
    </p>
  );
}

function Pens({ chosen, onChoose }: { chosen: string; onChoose: (colour: string) => void }) {
  const { draw } = strings.value;
  return (
    <fieldset class="pens">
      <legend class="visually-hidden">{draw.pen}</legend>
      {PENS.map((colour, i) => (
        <label key={colour} style={{ background: colour }}>
          <input
            type="radio"
            name="pen"
            checked={colour === chosen}
            onChange={() => onChoose(colour)}
            aria-label={draw.pens[i]}
          />
        </label>
      ))}
    </fieldset>
  );
}

function FileButton({ label, onFile }: { label: string; onFile: (file: Blob) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class="button" onClick={() => input.current!.click()}>
        <Icon name="image" /> {label}
      </button>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file) onFile(file);
          currentTarget.value = '';
        }}
      />
    </>
  );
}
