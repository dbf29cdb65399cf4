// What the article and the papers say of such networks, and what was measured here.

import type { Claim } from '../../../train/compare/claims.ts';
import { strings } from '../i18n/strings.ts';

export function Claims({ claims }: { claims: readonly Claim[] }) {
  const { compare } = strings.value;
  return (
    <section class="panel">
      <h2>{compare.claims}</h2>
      <ul class="claims">
        {claims.map(({ id, source, claim, measured, rule, verdict }) => (
          <li key={id}>
            <p class={`verdict ${verdict.replace(' ', '-')}`}>{compare.verdicts[verdict]}</p>
            <div lang="en">
              <h3>{claim}</h3>
              <p>{measured}</p>
              <p class="soft small">
                {source}. {rule}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
