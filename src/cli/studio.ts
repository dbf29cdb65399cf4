// residua studio: the web page that shows runs as they learn, starts and pauses them, and looks inside of what they learned.

import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { type DataChoice, dataChoices } from '../studio/server/build-choices.ts';
import { bytes, counted } from './format.ts';
import { Output } from './output.ts';
import { listenForStop } from './stop-signal.ts';
import { integer, oneOf, text } from './values.ts';

interface Flags {
  readonly port: number;
  readonly runs: string;
  readonly open?: boolean;
  readonly build?: string;
  readonly run?: string;
  readonly data?: DataChoice;
}

const PORT = 4400;

export function addStudio(program: Command): void {
  program
    .command('studio')
    .summary('open the web page: train, draw, look inside, compare')
    .description(
      'Serve a web page on this machine, and to this machine only: it shows all runs as they learn, starts and pauses them, ' +
        'and looks inside of what they learned. Ctrl-C ends it, and stops what was started there, saved.',
    )
    .option('--port <n>', `where it listens; 0 for any port that is free`, integer(0, 65_535), PORT)
    .option('--runs <dir>', 'the folder of runs', text, 'runs')
    .option('--open', 'open the page in the browser')
    .optionsGroup('Instead of serving it:')
    .option('--build <dir>', 'write the page with a trained run inside, for any host of files', text)
    .option('--run <run>', 'which run: its folder, or its name (default: the newest)', text)
    .option('--data <which>', `which images go with it: ${dataChoices.join(', ')} (default: all)`, oneOf(dataChoices))
    .action((flags: Flags, command: Command) => {
      checkFlags(flags, command);
      return flags.build === undefined ? serve(flags, command) : build(flags, flags.build, command);
    });
}

/** @throws UsageError for options of the one way together with the other */
function checkFlags({ build }: Flags, command: Command): void {
  const unfit = build === undefined ? ['run', 'data'] : ['port', 'open'];
  const found = command.options.find(
    (option) =>
      unfit.includes(option.attributeName()) && command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (found === undefined) return;
  throw new UsageError(
    build === undefined
      ? `${found.long} is about --build`
      : `${found.long} is about serving the page, not about --build`,
    { hint: `Leave ${found.long} out${build === undefined ? ', or add --build DIR' : ''}.` },
  );
}

const program = () => ({ file: process.argv[1], nodeOptions: process.execArgv });
const page = () => fileURLToPath(new URL('studio', import.meta.url));

async function build({ runs, run, data = 'all' }: Flags, out: string, command: Command): Promise<void> {
  const output = new Output(command);
  const { buildStudio } = await import('../studio/server/build.ts');
  const onProgress = (message: string) => process.stderr.write(`${message}\n`);
  const result = await buildStudio({
    out,
    runs: resolve(runs),
    run,
    data,
    page: page(),
    program: program(),
    onProgress,
  });
  for (const note of result.notes) process.stderr.write(`${note}\n`);
  output.answer(result, (screen) =>
    [
      `${screen.paint('bold', result.folder)}: ${counted(result.files, 'file')}, ${bytes(result.bytes)}, with ${result.run}`,
      'Any host of files can serve it, from any folder; opened from the disk (file:) a browser refuses to run it.',
    ].join('\n'),
  );
}

async function serve({ port, runs, open }: Flags, command: Command): Promise<void> {
  const output = new Output(command);
  // Loaded for those who need it.
  const { startStudio } = await import('../studio/server/studio.ts');
  let working = () => 0;
  const stop = listenForStop((cause) => {
    const again = cause === 'SIGINT' ? ' Ctrl-C again ends at once.' : '';
    const saving = working() > 0 ? `, saving ${counted(working(), 'run')}` : '';
    process.stderr.write(`Stopping${saving}.${again}\n`);
  });
  const studio = await startStudio({
    port,
    runs: resolve(runs),
    page: page(),
    program: program(),
    onDefect: (error) => process.stderr.write(`${error instanceof Error ? error.stack : error}\n`),
  });
  working = () => studio.working;
  try {
    output.answer({ url: studio.url, port: studio.port, runs: resolve(runs) }, (screen) =>
      [`The studio is at ${screen.paint('bold', studio.url)}`, `Runs are in ${resolve(runs)}`].join('\n'),
    );
    if (open) openBrowser(studio.url);
    if (!stop.signal.aborted) {
      await new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }));
    }
    await studio.close();
    process.exitCode = stop.exitCode;
  } finally {
    stop.dispose();
  }
}

/** With the system's own command; where there is none, the address is on the screen. */
function openBrowser(url: string): void {
  const [command, ...words] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url];
  const child = spawn(command, words, { stdio: 'ignore', detached: true });
  child.on('error', () => process.stderr.write(`No browser could be opened: go to ${url} yourself.\n`));
  child.unref();
}
