// The paper: takes strokes of mouse, finger and pen, and image files that are dropped or pasted; shows what was drawn, and under
// it, as a highlighter would leave it, what the network looked at.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Rectangle } from '../../../data/digits/plane.ts';
import { percent } from '../../../format.ts';
import { colour } from '../components/colours.ts';
import { heatCanvas } from '../components/heat.ts';
import type { Picture } from '../engine/network-jobs.ts';
import { strings } from '../i18n/strings.ts';
import { isDark } from '../preferences.ts';
import { source } from '../state/picture.ts';
import { PEN_WIDTH, type Point, paintStrokes, type Stroke } from './strokes.ts';
import type { Answered, Explanation } from './use-answer.ts';

/** Pixels of the canvas; CSS sets its size. */
const SIZE = 800;

interface Props {
  /** In CSS; undefined: the ink of the page. */
  readonly penColour: string | undefined;
  readonly answered: Answered | undefined;
  /** That the answer is to. */
  readonly picture: Picture | undefined;
  onFile(file: Blob): void;
}

export function DrawingPad({ penColour, answered, picture, onFile }: Props) {
  const { draw } = strings.value;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isOver, setOver] = useState(false);
  const shown = source.value;
  const explanation = answered?.explanation;
  const best = answered?.answer.probabilities[0];
  const dark = isDark.value;

  useEffect(() => {
    const context = canvas.current!.getContext('2d')!;
    context.clearRect(0, 0, SIZE, SIZE);
    if (shown.kind === 'image') paintPicture(context, shown.picture);
    if (explanation && picture) paintHeat(context, explanation, picture);
    if (shown.kind === 'drawing') paintStrokes(context, inked(shown.strokes), SIZE);
  }, [shown, explanation, picture, dark]);

  useEffect(() => {
    const paste = ({ clipboardData }: ClipboardEvent) => {
      const file = clipboardData?.files[0];
      if (file) onFile(file);
    };
    addEventListener('paste', paste);
    return () => removeEventListener('paste', paste);
  }, [onFile]);

  const pointOf = (event: PointerEvent): Point => {
    const box = canvas.current!.getBoundingClientRect();
    const pressure = event.pointerType === 'pen' && event.pressure > 0 ? event.pressure : 0.5;
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height, pressure };
  };
  const begin = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.current!.setPointerCapture(event.pointerId);
    const stroke = { colour: penColour ?? '', width: PEN_WIDTH, points: [pointOf(event)] };
    source.value = { kind: 'drawing', strokes: [...(shown.kind === 'drawing' ? shown.strokes : []), stroke] };
  };
  const extend = (event: PointerEvent) => {
    if (!canvas.current!.hasPointerCapture(event.pointerId)) return;
    const { value } = source;
    const last = value.kind === 'drawing' ? value.strokes.at(-1) : undefined;
    if (value.kind !== 'drawing' || !last) return;
    const events = event.getCoalescedEvents();
    const points = [...last.points, ...(events.length > 0 ? events : [event]).map(pointOf)];
    source.value = { kind: 'drawing', strokes: [...value.strokes.slice(0, -1), { ...last, points }] };
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer?.files[0];
    if (file) onFile(file);
  };
  const isBlank = shown.kind === 'drawing' && shown.strokes.length === 0;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping a file has its button besides
    <div
      class={`pad ${isOver ? 'over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <canvas
        ref={canvas}
        width={SIZE}
        height={SIZE}
        role="img"
        aria-label={isBlank ? draw.paperBlank : draw.paper}
        onPointerDown={begin}
        onPointerMove={extend}
      />
      {best && (
        <p class="pad-answer" aria-hidden="true">
          <b>{best.label}</b> {percent(best.probability, 0)}
        </p>
      )}
      {isBlank && (
        <p class="pad-hint" aria-hidden="true">
          {draw.here}
        </p>
      )}
    </div>
  );
}

/** Strokes without a colour of their own have the ink's. */
function inked(strokes: readonly Stroke[]): Stroke[] {
  const ink = colour('--ink');
  return strokes.map((stroke) => (stroke.colour === '' ? { ...stroke, colour: ink } : stroke));
}

/** Where a picture lies on the paper: whole, in the middle. */
function placeOf({ width, height }: { readonly width: number; readonly height: number }) {
  const scale = SIZE / Math.max(width, height);
  return { scale, left: (SIZE - scale * width) / 2, top: (SIZE - scale * height) / 2 };
}

function paintPicture(context: CanvasRenderingContext2D, { width, height, data }: Picture): void {
  const { scale, left, top } = placeOf({ width, height });
  const pixels = new OffscreenCanvas(width, height);
  pixels.getContext('2d')!.putImageData(new ImageData(Uint8ClampedArray.from(data), width, height), 0, 0);
  context.imageSmoothingEnabled = scale < 4;
  context.drawImage(pixels, left, top, scale * width, scale * height);
  context.imageSmoothingEnabled = true;
}

function paintHeat(context: CanvasRenderingContext2D, { heat, frame }: Explanation, picture: Picture): void {
  const { scale, left, top } = placeOf(picture);
  const on = ({ left: x, top: y, width, height }: Rectangle) =>
    [left + scale * x, top + scale * y, scale * width, scale * height] as const;
  context.imageSmoothingQuality = 'high';
  context.globalAlpha = 0.85;
  context.drawImage(heatCanvas(heat, colour('--marker')), ...on(frame));
  context.globalAlpha = 1;
}
