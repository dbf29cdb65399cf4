// What arrives at the network of a picture, pixel by pixel, with or without the marks of what it looked at.

import { useEffect, useRef } from 'preact/hooks';
import { colour } from '../components/colours.ts';
import { heatCanvas } from '../components/heat.ts';
import { paintImage } from '../components/pixels.ts';
import { strings } from '../i18n/strings.ts';
import { isDark } from '../preferences.ts';
import type { Answered } from './use-answer.ts';

export function Seen({ answered }: { answered: Answered | undefined }) {
  const { draw } = strings.value;
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark.value;
  useEffect(() => {
    if (!answered) return;
    const { answer, explanation } = answered;
    paintImage(canvas.current!, answer.seen);
    if (!explanation) return;
    const context = canvas.current!.getContext('2d')!;
    context.globalAlpha = 0.75;
    context.drawImage(heatCanvas(explanation.heat, colour('--marker')), 0, 0, answer.seen.width, answer.seen.height);
  }, [answered, dark]);
  const { seen, centred, inverted } = answered?.answer ?? {};
  return (
    <figure class="seen">
      <canvas ref={canvas} width={28} height={28} role="img" aria-label={draw.seen} />
      <figcaption>
        <p>
          <b>{draw.seen}</b>
        </p>
        <p class="soft small">
          {seen && `${seen.width} × ${seen.height}. `}
          {centred && draw.centred} {inverted && draw.inverted}
          {!seen && draw.seenNothing}
        </p>
      </figcaption>
    </figure>
  );
}
