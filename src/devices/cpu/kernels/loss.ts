// The two losses from logits, in float64: softmax cross entropy and binary cross entropy, written so that no exponential can
// overflow. The plain version is devices/reference/loss.ts.

import { axes } from '../../../compiler/view.ts';
import { type FunctionBuilder, invoke, type Local } from '../assembler.ts';
import type { Geometry } from '../geometry.ts';
import type { Emitter } from '../step.ts';
import { type Code, f32, f64, i32, select, type } from '../wasm.ts';
import { exp64, log64 } from './math.ts';
import { forEachPlace } from './places.ts';

const load64 = (pointer: Code, offset = 0): Code => f64.promote(f32.load(pointer, offset));

interface Row {
  readonly start: Local;
  /** Of the class numbers of the batch: this row's. */
  readonly label: Local;
  readonly largest: Local;
  /** Sum of exp(x - largest). */
  readonly total: Local;
}

function prepareRow(e: Emitter, f: FunctionBuilder, g: Geometry, logits: Local, labels: Local, row: Local): Row {
  const start = f.let(i32.add(logits, g.origin, i32.mul(row, g.imageBytes)));
  const label = f.let(i32.load(i32.add(labels, i32.shl(row, 2))));
  const largest = f.let(f64.const(Number.NEGATIVE_INFINITY), type.f64);
  const total = f.let(f64.const(0), type.f64);
  forEachClass(f, g.c, start, (place) => f.set(largest, f64.max(largest, load64(place))));
  forEachClass(f, g.c, start, (place) => {
    f.set(total, f64.add(total, invoke(exp64(e.module), f64.sub(load64(place), largest))));
  });
  return { start, label, largest, total };
}

function forEachClass(
  f: FunctionBuilder,
  classes: number,
  start: Local,
  visit: (place: Local, index: Local) => void,
): void {
  const place = f.let(start);
  f.for(0, i32.const(classes), (index) => {
    visit(place, index);
    f.advance(place, 4);
  });
}

/** Parameters: logits [N, classes], labels [N], loss, from, to; one unit. */
export function softmaxCrossEntropy(e: Emitter, logits: Geometry, labelSmoothing: number): FunctionBuilder {
  return e.module.once('softmaxCrossEntropy', [logits, labelSmoothing], 5, (f, source, labels, loss) => {
    const sum = f.let(f64.const(0), type.f64);
    f.for(0, i32.const(logits.n), (row) => {
      const { start, label, largest, total } = prepareRow(e, f, logits, source, labels, row);
      const logTotal = f.let(f64.add(largest, invoke(log64(e.module), total)), type.f64);
      const chosen = load64(i32.add(start, i32.shl(label, 2)));
      f.set(sum, f64.add(sum, f64.mul(f64.const(1 - labelSmoothing), f64.sub(logTotal, chosen))));
      if (labelSmoothing > 0) {
        forEachClass(f, logits.c, start, (place) => {
          const share = f64.const(labelSmoothing / logits.c);
          f.set(sum, f64.add(sum, f64.mul(share, f64.sub(logTotal, load64(place)))));
        });
      }
    });
    storeScalar(f, loss, f64.mul(sum, f64.const(1 / logits.n)));
  });
}

/** Parameters: logits, labels, gradient, from, to; a unit is a row. */
export function softmaxCrossEntropyGradient(
  e: Emitter,
  logits: Geometry,
  gradient: Geometry,
  labelSmoothing: number,
): FunctionBuilder {
  return e.module.once(
    'softmaxCrossEntropyGradient',
    [logits, gradient, labelSmoothing],
    5,
    (f, source, labels, target, from, to) => {
      f.for(from, to, (row) => {
        const { start, label, largest, total } = prepareRow(e, f, logits, source, labels, row);
        const out = f.let(i32.add(target, gradient.origin, i32.mul(row, gradient.imageBytes)));
        forEachClass(f, logits.c, start, (place, index) => {
          const share = f64.div(invoke(exp64(e.module), f64.sub(load64(place), largest)), total);
          const isLabel = select(i32.eq(index, label), f64.const(1 - labelSmoothing), f64.const(0));
          const wanted = f64.add(isLabel, f64.const(labelSmoothing / logits.c));
          f.emit(f32.store(out, f32.demote(f64.mul(f64.sub(share, wanted), f64.const(1 / logits.n)))));
          f.advance(out, 4);
        });
        for (let pad = logits.c; pad < gradient.stored; pad++) {
          f.emit(f32.store(out, f32.const(0)));
          f.advance(out, 4);
        }
      });
    },
  );
}

/** max(x, 0) - x t + log(1 + exp(-|x|)), mean. Parameters: logits, targets, loss, from, to; one unit. */
export function binaryCrossEntropy(e: Emitter, logits: Geometry, targets: Geometry): FunctionBuilder {
  return e.module.once('binaryCrossEntropy', [logits, targets], 5, (f, source, wanted, loss) => {
    const sum = f.let(f64.const(0), type.f64);
    const x = f.local(type.f64);
    const element = ([logit, target]: readonly Local[]): void => {
      f.set(x, load64(logit));
      const soft = invoke(log64(e.module), f64.add(f64.const(1), invoke(exp64(e.module), f64.neg(f64.abs(x)))));
      const hinge = f64.sub(f64.max(x, f64.const(0)), f64.mul(x, load64(target)));
      f.set(sum, f64.add(sum, f64.add(hinge, soft)));
    };
    const starts = [f.let(i32.add(source, logits.origin)), f.let(i32.add(wanted, targets.origin))];
    forEachPlace(f, axes, [logits, targets], starts, element);
    storeScalar(f, loss, f64.mul(sum, f64.const(1 / (logits.n * logits.h * logits.w * logits.c))));
  });
}

/** A scalar is stored as a vector with zeros behind it. */
function storeScalar(f: FunctionBuilder, pointer: Local, value: Code): void {
  f.emit(f32.store(pointer, f32.demote(value)));
  for (let pad = 1; pad < 4; pad++) f.emit(f32.store(pointer, f32.const(0), pad * 4));
}
