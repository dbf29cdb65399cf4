// The files of a run folder, wherever the folder is.

export const runFileNames = {
  config: 'config.json',
  preflight: 'preflight.json',
  metrics: 'metrics.jsonl',
  checkpoint: 'checkpoint.safetensors',
  previousCheckpoint: 'checkpoint.previous.safetensors',
  model: 'model.safetensors',
  lossCurve: 'loss.svg',
  report: 'report.html',
  result: 'result.json',
} as const;
