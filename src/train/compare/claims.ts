// What the article and He et al. 2015 say of plain and residual networks, each beside what was measured, with a verdict that
// follows from the numbers by a rule that is said. One seed and short trainings: differences within chance decide nothing.

import { percent } from '../../format.ts';
import { type ComparedNetwork, gradientRatio } from './comparison.ts';

/**
 * seen: what was measured is as claimed. not seen: it is not. partly: in some of the networks. open: nothing was measured
 * that could tell.
 */
export type Verdict = 'seen' | 'partly' | 'not seen' | 'open';

export interface Claim {
  readonly id: 'degradation' | 'shortcuts' | 'vanishing' | 'healthy' | 'activation' | 'through-shortcuts';
  readonly source: string;
  readonly claim: string;
  /** In words, with the numbers. */
  readonly measured: string;
  /** When it counts as seen. */
  readonly rule: string;
  readonly verdict: Verdict;
}

/** A gradient that has become smaller than this share on its way to the first layer has vanished. */
const VANISHED = 0.01;
/** And one that has become so many times larger has exploded. */
const EXPLODED = 100;

/** @param testImages that accuracies were measured on */
export function judge(networks: readonly ComparedNetwork[], testImages: number): Claim[] {
  const done = networks.filter(({ state }) => state !== 'waiting');
  if (done.length === 0) return [];
  const context = { done, testImages };
  return [
    degradation(context),
    shortcuts(context),
    vanishing(context),
    healthy(context),
    activation(context),
    through(context),
  ];
}

interface Context {
  readonly done: readonly ComparedNetwork[];
  readonly testImages: number;
}

type Kind = Partial<Pick<ComparedNetwork, 'residual' | 'activation' | 'batchNorm'>>;

/** Of that kind, the shallowest first. */
function of({ done }: Context, kind: Kind): ComparedNetwork[] {
  return done
    .filter((network) => Object.entries(kind).every(([key, value]) => network[key as keyof Kind] === value))
    .sort((a, b) => a.depth - b.depth);
}

const usual = { activation: 'relu', batchNorm: true } as const;

function degradation(context: Context): Claim {
  const plain = of(context, { ...usual, residual: false });
  const [shallow, deep] = [plain[0], plain[plain.length - 1]];
  return {
    id: 'degradation',
    source: 'the article; He et al. 2015, fig. 1 and sec. 4.2',
    claim:
      'Plain networks get worse with depth, also on the images that they are trained on: more layers, higher error.',
    measured: plain.length < 2 ? nothing : `Plain, ReLU and batch norm: ${list(plain)}.`,
    rule: 'The deepest has a higher training loss than the shallowest, and a test accuracy that is lower by more than chance.',
    verdict: plain.length < 2 ? 'open' : both(losesTraining(deep, shallow), isWorse(deep, shallow, context)),
  };
}

function shortcuts(context: Context): Claim {
  const plain = of(context, { ...usual, residual: false });
  const residual = of(context, { ...usual, residual: true });
  const [shallow, deep] = [residual[0], residual[residual.length - 1]];
  const twin = plain.find(({ depth }) => depth === deep?.depth);
  const known = residual.length > 1 && twin !== undefined;
  return {
    id: 'shortcuts',
    source: 'the article; He et al. 2015, sec. 4.2',
    claim:
      'With shortcuts depth does no harm: a deep residual network is better than its plain twin, and no worse than a shallow one.',
    measured: known
      ? `Residual, ReLU and batch norm: ${list(residual)}. Plain at ${deep.depth} layers: ${one(twin)}.`
      : nothing,
    rule: 'The deepest residual network beats its plain twin by more than chance, and is not worse than the shallowest by more than that.',
    verdict: known ? both(isWorse(twin, deep, context), !isWorse(deep, shallow, context)) : 'open',
  };
}

function vanishing(context: Context): Claim {
  const deepest = of(context, { residual: false, activation: 'relu' });
  const depth = deepest[deepest.length - 1]?.depth;
  const plain = deepest.filter((network) => network.depth === depth && ratioOf(network) !== null);
  const vanished = plain.map((network) => ratioOf(network)! < VANISHED);
  return {
    id: 'vanishing',
    source: 'the article',
    claim: 'Deep plain networks are hard to train because gradients vanish on their way to the first layers.',
    measured:
      plain.length === 0
        ? nothing
        : `${RATIO}, plain, ReLU, ${depth} layers: ${plain
            .map((network) => `${ratio(network)} ${network.batchNorm ? 'with' : 'without'} batch norm`)
            .join(', ')}.`,
    rule: `This ratio is below ${VANISHED}.`,
    verdict: all(vanished),
  };
}

function healthy(context: Context): Claim {
  const plain = of(context, { ...usual, residual: false }).filter((network) => ratioOf(network) !== null);
  const vanished = plain.map((network) => ratioOf(network)! < VANISHED);
  const exploded = plain.some((network) => ratioOf(network)! > EXPLODED);
  const alive = all(vanished.map((own) => !own));
  return {
    id: 'healthy',
    source: 'He et al. 2015, sec. 4.1, who disagree with the article here',
    claim:
      'With batch norm, plain networks are not hard to train because of vanishing gradients: backward propagated gradients have healthy norms.',
    measured:
      plain.length === 0
        ? nothing
        : `${RATIO}, plain, ReLU and batch norm: ${plain
            .map((network) => `${ratio(network)} at ${network.depth} layers`)
            .join(', ')}.${alive === 'seen' && exploded ? ' They do not vanish, they explode on their way back.' : ''}`,
    rule: `This ratio is from ${VANISHED} to ${EXPLODED} at every depth; partly, where none is below and some are above.`,
    verdict: alive === 'seen' && exploded ? 'partly' : alive,
  };
}

function activation(context: Context): Claim {
  const pairs = of(context, { activation: 'sigmoid', batchNorm: false, residual: false }).flatMap((sigmoid) => {
    const relu = of(context, { ...bareRelu, residual: false }).find(({ depth }) => depth === sigmoid.depth);
    return relu && ratioOf(relu) !== null && ratioOf(sigmoid) !== null ? [{ sigmoid, relu }] : [];
  });
  const texts = pairs.map(
    ({ sigmoid, relu }) =>
      `${relu.depth} layers: ReLU ${ratio(relu)}, ${accuracy(relu)}; sigmoid ${ratio(sigmoid)}, ${accuracy(sigmoid)}`,
  );
  return {
    id: 'activation',
    source: 'the article',
    claim:
      'A sigmoid passes on a quarter of a gradient at most, so in deep networks gradients vanish; a ReLU passes on all or nothing.',
    measured:
      pairs.length === 0
        ? nothing
        : `${RATIO}, plain without batch norm, and the test accuracy that training came to. ${texts.join('. ')}.`,
    rule: `This ratio is below ${VANISHED} with sigmoids and not with ReLUs at every depth.`,
    verdict: all(pairs.map(({ sigmoid, relu }) => ratioOf(sigmoid)! < VANISHED && ratioOf(relu)! >= VANISHED)),
  };
}

const bareRelu = { activation: 'relu', batchNorm: false } as const;

function through(context: Context): Claim {
  const plain = of(context, { activation: 'sigmoid', batchNorm: false, residual: false });
  const depth = plain[plain.length - 1]?.depth;
  const pair = of(context, { activation: 'sigmoid', batchNorm: false }).filter(
    (network) => network.depth === depth && ratioOf(network) !== null,
  );
  const [without, withShortcuts] = [pair.find(({ residual }) => !residual), pair.find(({ residual }) => residual)];
  const known = without !== undefined && withShortcuts !== undefined;
  return {
    id: 'through-shortcuts',
    source: 'the article',
    claim:
      'Shortcuts carry gradients past the layers: they reach the first layers where those of a plain network vanish.',
    measured: known
      ? `${RATIO}, sigmoid without batch norm, ${depth} layers: plain ${ratio(without)}, residual ${ratio(withShortcuts)}. In these networks each shortcut ends in front of an activation function, which the gradient has to pass.`
      : nothing,
    rule: `This ratio is below ${VANISHED} in the plain network and not in the residual one.`,
    verdict: known ? all([ratioOf(without)! < VANISHED && ratioOf(withShortcuts)! >= VANISHED]) : 'open',
  };
}

/** What ratios are of. */
const RATIO = "Gradient of the first convolution over the last one's before training";

const nothing = 'The networks that could tell are not among those measured.';

const ratioOf = (network: ComparedNetwork): number | null => gradientRatio(network.norms.first);

/** Of the first convolution's gradient to the last one's. */
function ratio(network: ComparedNetwork): string {
  const value = ratioOf(network);
  return value === null ? 'not measured' : ratioText(value);
}

/** Two digits: 35, 1.2, 0.012, 1.4e-9. */
export function ratioText(value: number): string {
  return value < 0.001 || value >= 10_000 ? value.toExponential(1) : String(Number(value.toPrecision(2)));
}

const list = (networks: readonly ComparedNetwork[]): string =>
  networks.map((network) => `${network.depth} layers ${one(network)}`).join('; ');

const one = (network: ComparedNetwork): string =>
  network.trainingLoss === null
    ? accuracy(network)
    : `${accuracy(network)} (training loss ${network.trainingLoss.toFixed(3)})`;

const accuracy = ({ accuracy: value, state }: ComparedNetwork): string =>
  value === null ? state : `${percent(value, 1)} right`;

/** A network that diverged has lost. */
function losesTraining(a: ComparedNetwork, b: ComparedNetwork): boolean {
  return (
    (a.trainingLoss ?? Infinity) > (b.trainingLoss ?? Infinity) || (a.state === 'diverged' && b.state === 'trained')
  );
}

/** Whether a's accuracy is below b's by more than two standard errors of a difference between two such shares. */
export function isWorse(a: ComparedNetwork, b: ComparedNetwork, { testImages }: Pick<Context, 'testImages'>): boolean {
  if (b.accuracy === null) return false;
  if (a.accuracy === null) return true;
  const mean = (a.accuracy + b.accuracy) / 2;
  return b.accuracy - a.accuracy > 2 * Math.sqrt((2 * mean * (1 - mean)) / testImages);
}

const both = (a: boolean, b: boolean): Verdict => all([a, b]);

function all(held: readonly boolean[]): Verdict {
  if (held.length === 0) return 'open';
  if (held.every((own) => own)) return 'seen';
  return held.some((own) => own) ? 'partly' : 'not seen';
}
