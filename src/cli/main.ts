#!/usr/bin/env node
// The command line's entry: residua COMMAND.

import { createCli } from './cli.ts';
import { allowClosedPipes } from './output.ts';

const { run, fail } = createCli(process.argv.slice(2));

process.on('uncaughtException', (error) => {
  fail(error);
  process.exit();
});

allowClosedPipes();

await run();
