import { describe, expect, it } from 'vitest';
import { refusalOf } from './request-error.ts';
import { comparisonWords, trainingOf } from './words.ts';

const wordsOf = async (settings: Record<string, unknown>) => (await trainingOf(settings)).words;

describe('settings', () => {
  it('become the words that would be typed', async () => {
    expect(await wordsOf({})).toEqual(['train']);
    expect(await wordsOf({ recipe: 'article', lr: 1e-7, freeze: ['stem', 'layer1'], strict: true })).toEqual([
      'train',
      '--recipe=article',
      '--lr=1e-7',
      '--freeze=stem,layer1',
      '--strict',
    ]);
  });

  it('that are so anyway have none', async () => {
    expect(await wordsOf({ strict: false, zeroInitResidual: false })).toEqual(['train']);
  });

  it('may be denied', async () => {
    const { words, config } = await trainingOf({ recipe: 'fashion-mnist', ema: false });
    expect(words).toEqual(['train', '--recipe=fashion-mnist', '--no-ema']);
    expect(config.ema).toBeNull();
    expect(await wordsOf({ ema: 0.5, emaWarmUp: false })).toEqual(['train', '--ema=0.5', '--no-ema-warm-up']);
  });

  it('come to the same as on the command line', async () => {
    const { config } = await trainingOf({ optimizer: 'sgd', momentum: 0.5, warmUp: 1, dropout: 0.1, limit: 100 });
    expect(config).toMatchObject({
      recipe: 'digits',
      limit: 100,
      optimizer: { name: 'sgd', momentum: 0.5 },
      schedule: { name: 'one-cycle', warmUpEpochs: 1 },
      modelOptions: { dropout: 0.1 },
    });
  });

  it.each([
    [{ epoch: 1 }, /no setting called 'epoch'/],
    [{ out: '/tmp' }, /no setting called 'out'/],
    [{ resume: '/tmp' }, /no setting called 'resume'/],
    [{ json: true }, /no setting called 'json'/],
    [{ constructor: 1 }, /no setting called 'constructor'/],
    [{ epochs: 0 }, /--epochs .* from 1/],
    [{ epochs: 1.5 }, /--epochs/],
    [{ epochs: true }, /'epochs' cannot be true/],
    [{ epochs: null }, /'epochs' cannot be null/],
    [{ epochs: {} }, /'epochs' cannot be \{\}/],
    [{ epochs: [] }, /'epochs' cannot be \[\]/],
    [{ epochs: [[1]] }, /'epochs' cannot be/],
    [{ strict: 'yes' }, /'strict' cannot be "yes"/],
    [{ dataset: 'mnist\0' }, /'dataset' cannot be/],
    [{ model: '--help' }, /no such model/],
    [{ optimizer: 'adam', momentum: 0.9 }, /momentum/],
  ])('%j are refused, with the reason', async (settings, reason) => {
    await expect(trainingOf(settings)).rejects.toThrow(reason);
  });

  it.each([
    [{ dataset: '/no/such/folder' }, /no folder \/no\/such\/folder/],
    [{ dataset: `${import.meta.filename}/in-a-file` }, /no folder/],
    [{ dataset: `/${'long'.repeat(1000)}` }, /no folder/],
    [{ dataset: import.meta.dirname }, /nothing to train on/],
    [{ weights: '/no/such/weights.pth' }, /no \/no\/such\/weights.pth/],
    [{ weights: import.meta.filename }, /neither safetensors/],
  ])('%j are refused as wrong, with what to do', async (settings, reason) => {
    const { status, answer } = refusalOf(await trainingOf(settings).catch((error) => error));
    expect(status).toBe(400);
    expect(answer.error).toMatchObject({ code: 'bad-request', message: expect.stringMatching(reason) });
    expect(answer.error.hint).toMatch(/^(Name|Expected) .*\.$/);
  });

  it('of a comparison are refused likewise', () => {
    expect(() => comparisonWords({ dataset: '/no/such/folder' })).toThrow(
      expect.objectContaining({ code: 'bad-request', hint: expect.stringMatching(/^Name/) }),
    );
  });
});
