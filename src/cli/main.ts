#!/usr/bin/env node
// The command line's entry: residua COMMAND.

import { allowClosedPipes } from './output.ts';
import { invocation } from './run.ts';

const { run, end } = invocation(process.argv.slice(2));

process.on('uncaughtException', (error) => {
  end(error);
  process.exit();
});

allowClosedPipes();

await run();
