// A block as the papers draw it: layers in a row, and the shortcut around them, in one tile; tiles side by side make the wire
// that goes through the network.
//
//        ___________
//       /           \
//   ---o--[ ]---[ ]--(+)---

import type { PartView } from '../engine/describe-network.ts';
import { strings } from '../i18n/strings.ts';
import { formatShape } from './shapes.ts';

const WIDTH = 112;
const WIRE = 52;
const [START, END] = [9, 97];

interface Props {
  readonly part: PartView;
  readonly isChosen: boolean;
  onChoose(): void;
}

export function BlockTile({ part, isChosen, onChoose }: Props) {
  const { inside } = strings.value;
  const { name, shortcut, layers, outputShape } = part;
  return (
    <button type="button" class="tile" aria-pressed={isChosen} onClick={onChoose}>
      <svg viewBox={`0 0 ${WIDTH} 82`} fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
        <path d={`M0 ${WIRE}H${WIDTH}`} />
        {shortcut === null ? <Whole part={part} /> : <Boxes count={convolutionsOf(layers)} />}
        {shortcut !== null && shortcut !== 'none' && <Arc form={shortcut} />}
      </svg>
      <span>{shortcut === null ? inside.parts[name as 'stem' | 'head'] : name}</span>
      <span class="visually-hidden">
        {shortcut !== null && `, ${inside.shortcuts[shortcut]}`}, {formatShape(outputShape)}
      </span>
    </button>
  );
}

const convolutionsOf = (layers: PartView['layers']) =>
  layers.filter(({ kind, name }) => kind === 'Conv2d' && !name.includes('.downsample.')).length;

function Boxes({ count }: { count: number }) {
  const width = count > 2 ? 17 : 24;
  const gap = (END - 8 - START - 8 - count * width) / (count + 1);
  return (
    <>
      {Array.from({ length: count }, (_, i) => (
        <rect
          key={i}
          x={START + 8 + gap + i * (width + gap)}
          y={WIRE - 13}
          width={width}
          height={26}
          rx={3}
          fill="var(--surface)"
        />
      ))}
    </>
  );
}

function Arc({ form }: { form: Exclude<PartView['shortcut'], 'none' | null> }) {
  const isProjection = form === '1x1' || form === '3x3';
  const middle = (START + END) / 2;
  return (
    <g stroke="var(--shortcut)" stroke-width="2">
      <path
        d={`M${START} ${WIRE}C${START} 0 ${END} 0 ${END} ${WIRE - 7}`}
        stroke-dasharray={form === 'pad' ? '4 4' : undefined}
      />
      <circle cx={START} cy={WIRE} r={2.5} fill="var(--shortcut)" stroke="none" />
      <circle cx={END} cy={WIRE} r={7} fill="var(--surface)" />
      <path d={`M${END - 3.5} ${WIRE}h7M${END} ${WIRE - 3.5}v7`} />
      {isProjection && (
        <>
          <rect x={middle - 14} y={5} width={28} height={17} rx={3} fill="var(--surface)" />
          <text x={middle} y={17.5} text-anchor="middle" font-size="10.5" fill="currentColor" stroke="none">
            {form.replace('x', '×')}
          </text>
        </>
      )}
    </g>
  );
}

/** Stem and head: their layers as thin plates. */
function Whole({ part: { layers } }: { part: PartView }) {
  const shown = Math.min(5, layers.length);
  const left = WIDTH / 2 - (shown * 16 - 7) / 2;
  return (
    <>
      {Array.from({ length: shown }, (_, i) => (
        <rect
          key={i}
          x={left + i * 16}
          y={WIRE - 19 + 2 * i}
          width={9}
          height={38 - 4 * i}
          rx={2}
          fill="var(--surface)"
        />
      ))}
    </>
  );
}
