// Claims and what was measured, in words: a language is a table of sentences that are made of a finding's networks. English is
// here, for the terminal, comparison.json and the report; the studio's page has the same table in its other languages.

import { percent } from '../../format.ts';
import { type ClaimId, type Evidence, EXPLODED, type Finding, firstRatio, VANISHED, type Verdict } from './claims.ts';
import { type ComparedNetwork, ratioText } from './comparison.ts';

/** A claim, as comparison.json has it. */
export interface Claim extends ClaimText {
  readonly id: ClaimId;
  readonly verdict: Verdict;
}

export interface ClaimText {
  readonly source: string;
  readonly claim: string;
  /** With the numbers. */
  readonly measured: string;
  /** 'this ratio is below 0.01': what has to hold for it to count as seen. */
  readonly rule: string;
}

export interface ClaimWords {
  /** Instead of `measured` where nothing was. */
  readonly nothing: string;
  readonly claims: {
    readonly [Id in ClaimId]: Omit<ClaimText, 'measured'> & { measured(evidence: Evidence[Id]): string };
  };
}

export function tell<Id extends ClaimId>(finding: Finding<Id>, { nothing, claims }: ClaimWords): ClaimText {
  const { id, evidence }: { id: Id; evidence: Evidence[Id] | null } = finding;
  const { measured, ...text } = claims[id];
  return { ...text, measured: evidence === null ? nothing : measured(evidence) };
}

export function inEnglish(finding: Finding): Claim {
  const { id, verdict } = finding;
  return { id, ...tell(finding, english), verdict };
}

/** Of a network's gradients before training, for people. */
export const firstRatioText = (network: ComparedNetwork): string => ratioText(firstRatio(network)!);

const RATIO = "Gradient of the first convolution over the last one's before training";

const accuracy = ({ accuracy, state }: ComparedNetwork): string =>
  accuracy === null ? state : `${percent(accuracy, 1)} right`;

const result = (network: ComparedNetwork): string =>
  network.trainingLoss === null
    ? accuracy(network)
    : `${accuracy(network)} (training loss ${network.trainingLoss.toFixed(3)})`;

const results = (networks: readonly ComparedNetwork[]): string =>
  networks.map((network) => `${network.depth} layers ${result(network)}`).join('; ');

export const english: ClaimWords = {
  nothing: 'The networks that could tell are not among those measured.',
  claims: {
    degradation: {
      source: 'the article; He et al. 2015, fig. 1 and sec. 4.2',
      claim:
        'Plain networks get worse with depth, also on the images that they are trained on: more layers, higher error.',
      measured: ({ plain }) => `Plain, ReLU and batch norm: ${results(plain)}.`,
      rule: 'the deepest has a higher training loss than the shallowest, and a test accuracy that is lower by more than chance',
    },
    shortcuts: {
      source: 'the article; He et al. 2015, sec. 4.2',
      claim:
        'With shortcuts depth does no harm: a deep residual network is better than its plain twin, and no worse than a shallow one.',
      measured: ({ residual, twin }) =>
        `Residual, ReLU and batch norm: ${results(residual)}. Plain at ${twin.depth} layers: ${result(twin)}.`,
      rule: 'the deepest residual network beats its plain twin by more than chance, and is not worse than the shallowest by more than that',
    },
    vanishing: {
      source: 'the article',
      claim: 'Deep plain networks are hard to train because gradients vanish on their way to the first layers.',
      measured: ({ plain }) => {
        const ratios = plain.map(
          (network) => `${firstRatioText(network)} ${network.batchNorm ? 'with' : 'without'} batch norm`,
        );
        return `${RATIO}, plain, ReLU, ${plain[0].depth} layers: ${ratios.join(', ')}.`;
      },
      rule: `this ratio is below ${VANISHED}`,
    },
    healthy: {
      source: 'He et al. 2015, sec. 4.1, who disagree with the article here',
      claim:
        'With batch norm, plain networks are not hard to train because of vanishing gradients: backward propagated gradients have healthy norms.',
      measured: ({ plain, exploded }) => {
        const ratios = plain.map((network) => `${firstRatioText(network)} at ${network.depth} layers`);
        const more = exploded ? ' They do not vanish, they explode on their way back.' : '';
        return `${RATIO}, plain, ReLU and batch norm: ${ratios.join(', ')}.${more}`;
      },
      rule: `this ratio is from ${VANISHED} to ${EXPLODED} at every depth; partly, where none is below and some are above`,
    },
    activation: {
      source: 'the article',
      claim:
        'A sigmoid passes on a quarter of a gradient at most, so in deep networks gradients vanish; a ReLU passes on all or nothing.',
      measured: ({ pairs }) => {
        const one = (network: ComparedNetwork) => `${firstRatioText(network)}, ${accuracy(network)}`;
        const texts = pairs.map(
          ({ sigmoid, relu }) => `${relu.depth} layers: ReLU ${one(relu)}; sigmoid ${one(sigmoid)}`,
        );
        return `${RATIO}, plain without batch norm, and the test accuracy that training came to. ${texts.join('. ')}.`;
      },
      rule: `this ratio is below ${VANISHED} with sigmoids and not with ReLUs at every depth`,
    },
    'through-shortcuts': {
      source: 'the article',
      claim:
        'Shortcuts carry gradients past the layers: they reach the first layers where those of a plain network vanish.',
      measured: ({ plain, residual }) =>
        `${RATIO}, sigmoid without batch norm, ${plain.depth} layers: plain ${firstRatioText(plain)}, residual ${firstRatioText(residual)}. In these networks each shortcut ends in front of an activation function, which the gradient has to pass.`,
      rule: `this ratio is below ${VANISHED} in the plain network and not in the residual one`,
    },
  },
};
