// What the article and He et al. 2015 say of plain and residual networks, each with the networks that can tell and a verdict that
// follows from their numbers by a rule. One seed and short trainings: differences within chance decide nothing. The words for
// all of it, rules too, are in claim-texts.ts.

import { type ComparedNetwork, gradientRatio } from './comparison.ts';

/**
 * seen: what was measured is as claimed. not seen: it is not. partly: in some of the networks. open: nothing was measured
 * that could tell.
 */
export type Verdict = 'seen' | 'partly' | 'not seen' | 'open';

/** What each claim is judged by. Lists begin with the shallowest network. */
export interface Evidence {
  /** With ReLU and batch norm. */
  degradation: { readonly plain: readonly ComparedNetwork[] };
  /** With ReLU and batch norm; `twin` is the plain one of the deepest. */
  shortcuts: { readonly residual: readonly ComparedNetwork[]; readonly twin: ComparedNetwork };
  /** The deepest, with ReLU: with and without batch norm. */
  vanishing: { readonly plain: readonly ComparedNetwork[] };
  /** With ReLU and batch norm; `exploded`: no gradient vanishes, but some grow too large. */
  healthy: { readonly plain: readonly ComparedNetwork[]; readonly exploded: boolean };
  /** Plain networks without batch norm. */
  activation: { readonly pairs: readonly { readonly sigmoid: ComparedNetwork; readonly relu: ComparedNetwork }[] };
  /** The deepest with sigmoids and without batch norm. */
  'through-shortcuts': { readonly plain: ComparedNetwork; readonly residual: ComparedNetwork };
}

export type ClaimId = keyof Evidence;

/** One claim, judged. */
export type Finding<Id extends ClaimId = ClaimId> = {
  [Own in Id]: {
    readonly id: Own;
    readonly verdict: Verdict;
    /** null where the networks that could tell are not among those measured. */
    readonly evidence: Evidence[Own] | null;
  };
}[Id];

/** A gradient that has become smaller than this share on its way to the first layer has vanished. */
export const VANISHED = 0.01;
/** And one that has become so many times larger has exploded. */
export const EXPLODED = 100;

/** @param testImages that accuracies were measured on @returns none before a network is done */
export function judge(networks: readonly ComparedNetwork[], testImages: number): Finding[] {
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
const bareRelu = { activation: 'relu', batchNorm: false } as const;
const bareSigmoid = { activation: 'sigmoid', batchNorm: false } as const;

const open = <Id extends ClaimId>(id: Id) => ({ id, verdict: 'open', evidence: null }) as const;

function degradation(context: Context): Finding<'degradation'> {
  const plain = of(context, { ...usual, residual: false });
  if (plain.length < 2) return open('degradation');
  const [shallow, deep] = [plain[0], plain[plain.length - 1]];
  const verdict = all([losesTraining(deep, shallow), isWorse(deep, shallow, context)]);
  return { id: 'degradation', verdict, evidence: { plain } };
}

function shortcuts(context: Context): Finding<'shortcuts'> {
  const residual = of(context, { ...usual, residual: true });
  const [shallow, deep] = [residual[0], residual[residual.length - 1]];
  const twin = of(context, { ...usual, residual: false }).find(({ depth }) => depth === deep?.depth);
  if (residual.length < 2 || twin === undefined) return open('shortcuts');
  const verdict = all([isWorse(twin, deep, context), !isWorse(deep, shallow, context)]);
  return { id: 'shortcuts', verdict, evidence: { residual, twin } };
}

function vanishing(context: Context): Finding<'vanishing'> {
  const relu = of(context, { residual: false, activation: 'relu' });
  const plain = deepest(relu).filter((network) => firstRatio(network) !== null);
  if (plain.length === 0) return open('vanishing');
  return { id: 'vanishing', verdict: all(plain.map(hasVanished)), evidence: { plain } };
}

function healthy(context: Context): Finding<'healthy'> {
  const plain = of(context, { ...usual, residual: false }).filter((network) => firstRatio(network) !== null);
  if (plain.length === 0) return open('healthy');
  const alive = all(plain.map((network) => !hasVanished(network)));
  const exploded = alive === 'seen' && plain.some((network) => firstRatio(network)! > EXPLODED);
  return { id: 'healthy', verdict: exploded ? 'partly' : alive, evidence: { plain, exploded } };
}

function activation(context: Context): Finding<'activation'> {
  const pairs = of(context, { ...bareSigmoid, residual: false }).flatMap((sigmoid) => {
    const relu = of(context, { ...bareRelu, residual: false }).find(({ depth }) => depth === sigmoid.depth);
    return relu && firstRatio(relu) !== null && firstRatio(sigmoid) !== null ? [{ sigmoid, relu }] : [];
  });
  if (pairs.length === 0) return open('activation');
  const verdict = all(pairs.map(({ sigmoid, relu }) => hasVanished(sigmoid) && !hasVanished(relu)));
  return { id: 'activation', verdict, evidence: { pairs } };
}

function through(context: Context): Finding<'through-shortcuts'> {
  const [plain] = deepest(of(context, { ...bareSigmoid, residual: false }));
  const residual = of(context, { ...bareSigmoid, residual: true }).find(({ depth }) => depth === plain?.depth);
  if (!plain || !residual || firstRatio(plain) === null || firstRatio(residual) === null) {
    return open('through-shortcuts');
  }
  const verdict = all([hasVanished(plain) && !hasVanished(residual)]);
  return { id: 'through-shortcuts', verdict, evidence: { plain, residual } };
}

function deepest(networks: readonly ComparedNetwork[]): ComparedNetwork[] {
  const depth = Math.max(...networks.map((network) => network.depth));
  return networks.filter((network) => network.depth === depth);
}

/** Of the first convolution's gradient to the last one's, before training. */
export const firstRatio = (network: ComparedNetwork): number | null => gradientRatio(network.norms.first);

const hasVanished = (network: ComparedNetwork): boolean => firstRatio(network)! < VANISHED;

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

function all(held: readonly boolean[]): Verdict {
  if (held.every((own) => own)) return 'seen';
  return held.some((own) => own) ? 'partly' : 'not seen';
}
