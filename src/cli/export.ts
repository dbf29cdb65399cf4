// residua export RUN|WEIGHTS --to FORMAT: a trained network for other programs.

import type { Command } from 'commander';
import { type ExportFormat, type ExportResult, exportFormats, exportRun } from '../train/run/node.ts';
import { bytes, count, counted } from './format.ts';
import { LiveLine } from './live-line.ts';
import { modelName } from './model-name.ts';
import { Output } from './output.ts';
import { table } from './table.ts';
import type { Screen } from './terminal.ts';
import { ProgressReporter } from './train-reporter.ts';
import { integer, oneOf, text } from './values.ts';

interface Flags {
  readonly to: ExportFormat;
  readonly out?: string;
  readonly force?: boolean;
  readonly model?: string;
  readonly size?: number;
}

const formatNames: Readonly<Record<ExportFormat, string>> = {
  onnx: 'ONNX, opset 17: runs in onnxruntime and its like',
  safetensors: 'safetensors',
  pth: "PyTorch's: torch.load(FILE, weights_only=True) is the state dict",
};

export function addExport(program: Command): void {
  program
    .command('export')
    .summary('write a trained network for other programs')
    .description(
      'Write a trained network as ONNX, which runs without Residua, or its weights as safetensors or .pth, under the names of ' +
        "PyTorch's state dict. Reads run folders, safetensors, and .pth and .pt files.",
    )
    .argument('<run>', 'a run folder, or a file of weights')
    .requiredOption('--to <format>', `what to write (required): ${exportFormats.join(', ')}`, oneOf(exportFormats))
    .option('--out <file>', 'the new file (default: beside the weights, with another ending)', text)
    .option('--force', 'replace a file that is there')
    .option('--model <name>', "for weights that don't say which model they belong to; see residua models", modelName)
    .option(
      '--size <n>',
      "for such weights: height and width of the images (default: the model's own)",
      integer(1, 4096),
    )
    .action(async (run: string, { size, ...flags }: Flags, command: Command) => {
      const output = new Output(command);
      const result = await exportRun(run, { ...flags, imageSize: size });
      const reporter = new ProgressReporter(new LiveLine(process.stderr));
      for (const note of result.notes) reporter.warning(note);
      output.answer(result, report(result));
    });
}

const report =
  ({ file, format, bytes: size, model, parameters, tensors, imageShape, outputs }: ExportResult) =>
  (screen: Screen) => {
    const rows = [
      ['file', `${screen.paint('bold', file)} (${bytes(size)})`],
      ['format', formatNames[format]],
      ...(model && parameters !== null ? [['model', `${model}, ${count(parameters)} parameters`]] : []),
      ...(format === 'onnx' && imageShape ? [['input', `images: float32 [batch, ${imageShape.join(', ')}]`]] : []),
      ...(format === 'onnx' ? [['output', `logits: float32 [batch, ${outputs}]`]] : []),
      ...(format === 'onnx' ? [] : [['holds', counted(tensors, 'tensor')]]),
    ];
    return table(rows);
  };
