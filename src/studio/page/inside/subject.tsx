// The picture that goes through the network, what the network says of it, and how to take another one.

import { useEffect, useRef } from 'preact/hooks';
import { percent } from '../../../format.ts';
import type { RunView } from '../../protocol.ts';
import { Icon } from '../components/icon.tsx';
import { paintImage } from '../components/pixels.ts';
import type { Answer } from '../draw/use-answer.ts';
import { strings } from '../i18n/strings.ts';
import { href } from '../router.ts';
import { source } from '../state/picture.ts';

interface Props {
  readonly run: RunView;
  readonly answer: Answer | undefined;
  onTestImage(): void;
}

export function Subject({ run, answer, onTestImage }: Props) {
  const { inside, draw } = strings.value;
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = source.value;
  useEffect(() => {
    if (answer) paintImage(canvas.current!, answer.seen);
  }, [answer]);
  const best = answer?.probabilities[0];
  return (
    <section class="panel subject" aria-label={inside.subject}>
      <canvas ref={canvas} width={28} height={28} role="img" aria-label={draw.seen} />
      <div>
        <p>{best ? inside.says(best.label, percent(best.probability, 1)) : inside.noPicture}</p>
        {shown.kind === 'image' && shown.testIndex !== undefined && (
          <p class="soft small">{draw.isTestImage(shown.testIndex)}</p>
        )}
      </div>
      <div class="row">
        <button type="button" class="button" onClick={onTestImage}>
          <Icon name="dice" /> {draw.testImage}
        </button>
        <a class="button" href={href('draw', { run: run.id })}>
          <Icon name="draw" /> {inside.drawOne}
        </a>
      </div>
    </section>
  );
}
