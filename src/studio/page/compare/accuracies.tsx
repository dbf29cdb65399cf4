// What each network came to on the test images, beside its twin.

import { percent } from '../../../format.ts';
import { type ComparedNetwork, type Comparison, gradientRatio, ratioText } from '../../../train/compare/comparison.ts';
import { strings } from '../i18n/strings.ts';
import { href } from '../router.ts';
import { runOf } from '../state/runs.ts';
import { activationName, kindsOf } from './kinds.ts';

export function Accuracies({ id, comparison }: { id: string; comparison: Comparison }) {
  const { compare } = strings.value;
  return (
    <section class="panel">
      <h2>{compare.table}</h2>
      <p class="soft small">
        {compare.tableText(comparison.trainImages, comparison.testImages, comparison.config.epochs)}
      </p>
      <div class="scroll">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{compare.activation}</th>
              <th scope="col">{compare.batchNorm}</th>
              <th scope="col" class="number">
                {compare.depth}
              </th>
              <th scope="col" class="number">
                {compare.plain}
              </th>
              <th scope="col" class="number">
                {compare.residual}
              </th>
              <th scope="col" class="number">
                {compare.difference}
              </th>
              <th scope="col" class="number">
                {compare.ratio}
              </th>
            </tr>
          </thead>
          <tbody>
            {kindsOf(comparison).flatMap((kind) =>
              kind.pairs.map(({ depth, plain, residual }, i) => (
                <tr key={`${kind.id} ${depth}`} class={i === 0 ? 'first' : ''}>
                  <td>{i === 0 && activationName(kind.activation)}</td>
                  <td>{i === 0 && (kind.batchNorm ? compare.with : compare.without)}</td>
                  <td class="number">{depth}</td>
                  <Accuracy comparison={id} network={plain} />
                  <Accuracy comparison={id} network={residual} />
                  <Difference plain={plain} residual={residual} />
                  <td class="number soft">
                    {ratio(plain)} · {ratio(residual)}
                  </td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </div>
      <p class="soft small">{compare.ratioText}</p>
    </section>
  );
}

function Accuracy({ comparison, network }: { comparison: string; network: ComparedNetwork | undefined }) {
  const { compare } = strings.value;
  if (!network) return <td class="number">–</td>;
  const run = runOf(`${comparison}:${network.id}`);
  const { accuracy, state, problem } = network;
  const text = accuracy !== null ? percent(accuracy) : state === 'diverged' ? compare.diverged : compare.waiting;
  return (
    <td class="number" title={problem ?? undefined}>
      {accuracy !== null && run ? <a href={href('runs', { run: run.id })}>{text}</a> : <span class="soft">{text}</span>}
    </td>
  );
}

function Difference({ plain, residual }: Readonly<Partial<Record<'plain' | 'residual', ComparedNetwork>>>) {
  if (plain?.accuracy == null || residual?.accuracy == null) return <td class="number soft">–</td>;
  const points = 100 * (residual.accuracy - plain.accuracy);
  return (
    <td class={`number ${points > 0 ? 'gain' : ''}`}>
      {points > 0 ? '+' : points < 0 ? '−' : '±'}
      {Math.abs(points).toFixed(2)}
    </td>
  );
}

/** At the end of the training. */
function ratio(network: ComparedNetwork | undefined): string {
  const value = network ? gradientRatio(network.norms.last) : null;
  return value === null ? '–' : ratioText(value);
}
