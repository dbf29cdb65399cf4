// The page tells findings in the language that is chosen, with all the numbers and none of another language's words.

import { describe, expect, it } from 'vitest';
import { english, tell } from '../../../train/compare/claim-texts.ts';
import { type Finding, judge } from '../../../train/compare/claims.ts';
import type { ComparedNetwork } from '../../../train/compare/comparison.ts';
import { idOf, nameOf, variantsOf } from '../../../train/compare/networks.ts';
import { claimWords } from '../i18n/zh/claims.ts';

/** Every network with other numbers; one has diverged. */
const networks = variantsOf({ depths: [8, 56], activations: ['relu', 'sigmoid'], batchNorm: [true, false] }).map(
  (variant, i): ComparedNetwork => {
    const first = variant.activation === 'sigmoid' ? 1.3e-9 * (i + 1) : 200 * (i + 1);
    const norms = {
      step: 0,
      layers: ['conv', 'layer1.0.conv1', 'fc'],
      gradients: [first, 1, 3],
      weights: [1, 1, 1],
      activations: { layers: [], mean: [], std: [], dead: [] },
    };
    const diverged = variant.depth === 56 && variant.activation === 'sigmoid' && !variant.residual;
    return {
      ...variant,
      id: idOf(variant),
      name: nameOf(variant),
      parameters: 1,
      multiplyAdds: 1,
      state: diverged ? 'diverged' : 'trained',
      problem: diverged ? 'the loss is NaN' : null,
      accuracy: diverged ? null : 0.5 + i / 40,
      loss: diverged ? null : 1,
      trainingLoss: diverged ? null : 1.5 - i / 20,
      trainingAccuracy: null,
      curve: [],
      norms: { first: norms, last: null },
      seconds: 1,
    };
  },
);

const numbersIn = (text: string) => (text.match(/\d+(\.\d+)?(e[-+]?\d+)?/g) ?? []).sort();
/** Names stay as they are. */
const wordsIn = (text: string) => text.replace(/ReLU|Sigmoid|\bHe\b|\d+(\.\d+)?(e[-+]\d+)?/g, '').match(/[a-z]+/gi);

describe('claims in Chinese', () => {
  const findings = judge(networks, 4000);
  it.each(findings.map((finding) => [finding.id, finding] as const))('%s', (_, finding) => {
    const [there, here] = [tell<Finding['id']>(finding, english), tell<Finding['id']>(finding, claimWords)];
    expect(finding.evidence).not.toBeNull();
    for (const part of ['source', 'claim', 'measured', 'rule'] as const) {
      expect(here[part].length).toBeGreaterThan(1);
      expect(wordsIn(here[part]), part).toBeNull();
    }
    expect(numbersIn(here.measured)).toEqual(numbersIn(there.measured));
    expect(numbersIn(here.rule)).toEqual(numbersIn(there.rule));
  });

  it('that nothing was measured of', () => {
    const [finding] = judge(networks.slice(0, 1), 4000);
    expect(tell(finding, claimWords).measured).toBe(claimWords.nothing);
    expect(wordsIn(claimWords.nothing)).toBeNull();
  });
});
