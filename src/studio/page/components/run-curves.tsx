// Loss and accuracy of runs over their epochs, in one plot each: as training sees its images, and of the images held out.

import { percent } from '../../../format.ts';
import type { LogPoint } from '../../../train/index.ts';
import type { RunView } from '../../protocol.ts';
import { strings } from '../i18n/strings.ts';
import { metricsOf } from '../state/runs.ts';
import { seriesColour } from './colours.ts';
import { LinePlot, type PlotSeries } from './line-plot.tsx';

interface Props {
  /** Each has the colour of its place. */
  readonly runs: readonly RunView[];
  readonly height?: number;
}

const epochsDone = ({ epoch, batch, batches }: LogPoint) => epoch - 1 + batch / batches;

export function RunCurves({ runs, height = 240 }: Props) {
  const { shell } = strings.value;
  const logs = runs.map(({ id }) => metricsOf(id).value ?? []);
  const curves = (of: 'loss' | 'accuracy') =>
    runs.flatMap(({ name }, i): PlotSeries[] => {
      const held = logs[i].filter(({ validation }) => validation);
      const colour = seriesColour(i);
      const training = { name, colour, x: logs[i].map(epochsDone), y: logs[i].map((point) => point[of]) };
      const validation = { x: held.map(epochsDone), y: held.map((point) => point.validation![of]), dots: true };
      const label = runs.length === 1 ? shell.heldOut : `${name}, ${shell.heldOut}`;
      const first = { ...training, name: runs.length === 1 ? shell.training : name };
      return held.length === 0
        ? [first]
        : [first, { ...validation, name: label, colour: runs.length === 1 ? '--series-2' : colour, dashed: true }];
    });
  return (
    <div class="plots">
      <LinePlot label={shell.loss} xLabel={shell.epoch} scale="log" series={curves('loss')} height={height} />
      <LinePlot
        label={shell.accuracy}
        xLabel={shell.epoch}
        series={curves('accuracy')}
        format={(share) => percent(share, 1)}
        range={[undefined, 1]}
        height={height}
      />
    </div>
  );
}
