// What `residua compare` says: a line a network, and at the end the accuracies, what was claimed and what was measured.

import { relative } from 'node:path';
import type { ComparedNetwork, CompareResult, Verdict } from '../train/compare/node.ts';
import { counted, duration, percent } from './format.ts';
import { indent, table } from './table.ts';
import type { Screen } from './terminal.ts';
import { quote } from './typed-command.ts';
import { columnsOf, wrap } from './wrap.ts';

export function networkLine({ id, accuracy, trainingLoss, problem, seconds }: ComparedNetwork, screen: Screen): string {
  const time = duration(seconds ?? 0);
  if (accuracy === null)
    return `${screen.paint('bold', id)}: ${screen.paint('yellow', 'diverged')} after ${time}: ${problem}`;
  const loss = trainingLoss === null ? '' : `, training loss ${trainingLoss.toFixed(4)}`;
  return `${screen.paint('bold', id)}: test accuracy ${percent(accuracy)}${loss}, ${time}`;
}

const verdicts: Readonly<Record<Verdict, string>> = {
  seen: 'seen here',
  partly: 'partly seen',
  'not seen': 'not seen here',
  open: 'not measured',
};

export const comparisonReport =
  ({ grid, networks, claims, files }: CompareResult) =>
  (screen: Screen): string => {
    const head = ['test accuracy', ...grid.depths.map((depth) => `${depth} layers`)].map((title) =>
      screen.paint('dim', title),
    );
    const kinds = [...new Set(networks.map(kindOf))];
    const rows = kinds.map((kind) => [
      kind,
      ...grid.depths.map((depth) => {
        const network = networks.find((own) => own.depth === depth && kindOf(own) === kind);
        return network?.accuracy == null ? (network?.state ?? '') : percent(network.accuracy);
      }),
    ]);
    const columns = columnsOf(screen);
    const said = claims.flatMap(({ claim, measured, verdict }) => [
      ...wrap(`${screen.paint('bold', verdicts[verdict])}: ${claim}`, columns - 2),
      ...wrap(measured, columns - 4).map((line) => indent(line)),
    ]);
    return [
      '',
      table([head, ...rows], ['left', ...grid.depths.map(() => 'right' as const)]),
      '',
      'What is claimed, and what was measured',
      indent(said.join('\n')),
      '',
      ...wrap(`All of it, with curves and gradients: ${relative('', files.report)} (open it in a browser)`, columns),
    ].join('\n');
  };

function kindOf({ residual, activation, batchNorm }: ComparedNetwork): string {
  return [residual ? 'residual' : 'plain', activation, ...(batchNorm ? ['batch norm'] : [])].join(', ');
}

export function stoppedComparison({ folder, networks, config }: CompareResult, screen: Screen): string {
  const done = networks.filter(({ state }) => state !== 'waiting').length;
  const path = relative('', folder);
  return [
    `Stopped: ${done} of ${counted(networks.length, 'network')} are done; everything is saved in ${path}`,
    `Go on with ${screen.paint('cyan', `${config.command} --out ${quote(path)}`)}`,
  ].join('\n');
}
