// What the article and the papers say of such networks, and what was measured here.

import { tell } from '../../../train/compare/claim-texts.ts';
import { judge } from '../../../train/compare/claims.ts';
import type { Comparison } from '../../../train/compare/comparison.ts';
import { strings } from '../i18n/strings.ts';

export function Claims({ comparison: { networks, testImages } }: { comparison: Comparison }) {
  const { compare } = strings.value;
  const findings = judge(networks, testImages);
  if (findings.length === 0) return null;
  return (
    <section class="panel">
      <h2>{compare.claims}</h2>
      <ul class="claims">
        {findings.map((finding) => {
          const { id, verdict } = finding;
          const { source, claim, measured, rule } = tell(finding, compare.claimWords);
          return (
            <li key={id}>
              <p class={`verdict ${verdict.replace(' ', '-')}`}>{compare.verdicts[verdict]}</p>
              <div>
                <h3>{claim}</h3>
                <p>{measured}</p>
                <p class="soft small">{compare.basis(source, rule)}</p>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
