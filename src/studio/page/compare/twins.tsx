// Plain networks on the left, their residual twins on the right, on the same scales: what they learn over the epochs, and how much
// of the gradient gets through their layers. A colour is a depth.

import { percent } from '../../../format.ts';
import type { ComparedNetwork } from '../../../train/compare/comparison.ts';
import type { NormsPoint } from '../../../train/index.ts';
import { seriesColour } from '../components/colours.ts';
import { LinePlot, type PlotSeries } from '../components/line-plot.tsx';
import { strings } from '../i18n/strings.ts';
import type { Kind } from './kinds.ts';

type Side = 'plain' | 'residual';
const sides: readonly Side[] = ['plain', 'residual'];

export function Twins({ kind }: { kind: Kind }) {
  const { compare, shell } = strings.value;
  const networksOf = (side: Side) => kind.pairs.map((pair) => pair[side]);
  const all = sides.flatMap(networksOf).filter((network) => network !== undefined);
  const range = (values: readonly number[]): readonly [number | undefined, number | undefined] => {
    const positive = values.filter((value) => value > 0 && Number.isFinite(value));
    return positive.length === 0 ? [undefined, undefined] : [Math.min(...positive), Math.max(...positive)];
  };
  const losses = range(all.flatMap(({ curve }) => curve.map(({ loss }) => loss)));
  const lengths = range(
    all.flatMap(({ norms }) => [norms.first, norms.last].flatMap((point) => point?.gradients ?? [])),
  );
  const depths = all.flatMap(({ norms }) => norms.first?.gradients.length ?? 0);
  return (
    <>
      {sides.map((side) => (
        <LinePlot
          key={`${side} loss`}
          label={`${compare[side]}: ${compare.trainingLoss}`}
          xLabel={shell.epoch}
          scale="log"
          range={losses}
          series={networksOf(side).flatMap((network, i) =>
            network ? [lossOf(network, compare.layers(network.depth), i)] : [],
          )}
        />
      ))}
      {sides.map((side) => (
        <LinePlot
          key={`${side} accuracy`}
          label={`${compare[side]}: ${compare.trainingAccuracy}`}
          xLabel={shell.epoch}
          range={[0, 1]}
          format={(share) => percent(share, 0)}
          series={networksOf(side).flatMap((network, i) =>
            network ? [accuracyOf(network, compare.layers(network.depth), i)] : [],
          )}
        />
      ))}
      {depths.length > 0 &&
        sides.map((side) => (
          <LinePlot
            key={`${side} gradient`}
            label={`${compare[side]}: ${compare.gradients}`}
            xLabel={compare.share}
            scale="log"
            range={lengths}
            formatX={(share) => percent(share, 0)}
            series={networksOf(side).flatMap((network, i) => {
              if (!network) return [];
              const name = compare.layers(network.depth);
              const { first, last } = network.norms;
              return [
                ...gradientOf(first, { name: `${name}, ${compare.atFirst}`, colour: seriesColour(i), dashed: true }),
                ...gradientOf(last, { name: `${name}, ${compare.atLast}`, colour: seriesColour(i) }),
              ];
            })}
          />
        ))}
    </>
  );
}

function lossOf({ curve }: ComparedNetwork, name: string, place: number): PlotSeries {
  return { name, colour: seriesColour(place), x: curve.map(({ epoch }) => epoch), y: curve.map(({ loss }) => loss) };
}

function accuracyOf({ curve }: ComparedNetwork, name: string, place: number): PlotSeries {
  return {
    name,
    colour: seriesColour(place),
    x: curve.map(({ epoch }) => epoch),
    y: curve.map(({ accuracy }) => accuracy),
  };
}

/** Networks of all depths on one axis: from the first layer (0) to the last (1). */
function gradientOf(point: NormsPoint | null, style: Pick<PlotSeries, 'name' | 'colour' | 'dashed'>): PlotSeries[] {
  if (point === null) return [];
  const last = Math.max(1, point.gradients.length - 1);
  return [{ ...style, x: point.gradients.map((_, i) => i / last), y: point.gradients }];
}
