// A network as a list of layers with PyTorch's names and arguments, so that a peer can build the very same one. It is
// read off a forward pass: the calls of layers are its steps, and between them there may be additions (shortcuts).
//
//   images -> conv (values[1]) -> bn (values[2]) -> ... -> add (values[9], values[4]) -> ... -> fc

import { ResiduaError } from '../../errors.ts';
import {
  AvgPool2d,
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  Dropout,
  Flatten,
  GELU,
  GlobalAvgPool2d,
  Linear,
  MaxPool2d,
  type Module,
  type ModuleCall,
  PadChannels,
  ReLU,
  Sigmoid,
  SiLU,
  Tanh,
  trace,
} from '../../nn/index.ts';
import { Input, type Pair, type Shape, type Tensor } from '../../tensor/index.ts';

export type LayerStep =
  /** values.push(layer(values[input])) */
  | { readonly layer: Layer; readonly input: number }
  /** values.push(values[a] + values[b]) */
  | { readonly add: readonly [number, number] };

export interface Layer {
  /** Path in the model, the prefix of its keys in the state dict. */
  readonly name: string;
  /** The class of torch.nn. */
  readonly kind: string;
  /** By position. */
  readonly arguments: readonly unknown[];
  /** By name. */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * The steps in the order in which they run; values[0] is the images, the last value is the result.
 *
 * @param inputShape [N, C, H, W]
 * @throws ResiduaError where the model computes something outside its layers that is not an addition
 */
export function layerGraph(model: Module, inputShape: Shape): LayerStep[] {
  const images = new Input('images', inputShape);
  const { output, calls } = trace(model, images);
  const layerCalls = new Map<Tensor, ModuleCall>();
  for (const call of calls) {
    const isLayer = call.module.namedChildren().size === 0;
    if (isLayer && call.output !== call.input) layerCalls.set(call.output, call);
  }

  const places = new Map<Tensor, number>([[images, 0]]);
  const steps: LayerStep[] = [];
  /** Where in `values` the tensor is, after the steps that it takes to get there. */
  const placeOf = (tensor: Tensor): number => {
    const known = places.get(tensor);
    if (known !== undefined) return known;
    const call = layerCalls.get(tensor);
    if (call) {
      const input = placeOf(call.input);
      steps.push({ layer: describe(call), input });
    } else if (tensor.operation?.name === 'add') {
      const [a, b] = tensor.inputs.map(placeOf);
      steps.push({ add: [a, b] });
    } else {
      throw new ResiduaError(`the peers can't run this model: it has ${tensor} outside its layers`);
    }
    places.set(tensor, steps.length);
    return steps.length;
  };
  placeOf(output);
  return steps;
}

function describe({ name, module }: ModuleCall): Layer {
  const layer = (kind: string, args: readonly unknown[] = [], options: Readonly<Record<string, unknown>> = {}) => {
    return { name, kind, arguments: args, options };
  };
  if (module instanceof Conv2d) {
    const [outChannels, channels, ...kernel] = module.weight.shape;
    const { stride, padding, groups } = module;
    const options = { stride, padding, groups, bias: module.bias !== undefined };
    return layer('Conv2d', [channels * groups, outChannels, kernel], options);
  }
  if (module instanceof BatchNorm2d || module instanceof BatchNorm1d) {
    const { eps, momentum } = module;
    const kind = module instanceof BatchNorm2d ? 'BatchNorm2d' : 'BatchNorm1d';
    return layer(kind, [module.weight.size], { eps, momentum });
  }
  if (module instanceof Linear) {
    const [outFeatures, inFeatures] = module.weight.shape;
    return layer('Linear', [inFeatures, outFeatures], { bias: module.bias !== undefined });
  }
  if (module instanceof MaxPool2d) return layer('MaxPool2d', [module.kernelSize], poolOptions(module));
  if (module instanceof AvgPool2d) return layer('AvgPool2d', [module.kernelSize], poolOptions(module));
  if (module instanceof GlobalAvgPool2d) return layer('AdaptiveAvgPool2d', [1]);
  if (module instanceof PadChannels) return layer('ConstantPad3d', [[0, 0, 0, 0, 0, module.extra], 0]);
  if (module instanceof Flatten) return layer('Flatten');
  if (module instanceof Dropout) return layer('Dropout', [module.probability]);
  if (module instanceof ReLU) return layer('ReLU');
  if (module instanceof Sigmoid) return layer('Sigmoid');
  if (module instanceof Tanh) return layer('Tanh');
  if (module instanceof GELU) return layer('GELU');
  if (module instanceof SiLU) return layer('SiLU');
  throw new ResiduaError(
    `the peers can't run this model: they don't know the layer ${module.constructor.name} (${name})`,
  );
}

function poolOptions({ kernelSize, options }: MaxPool2d | AvgPool2d): { stride: Pair; padding: Pair } {
  return { stride: options.stride ?? kernelSize, padding: options.padding ?? 0 };
}
