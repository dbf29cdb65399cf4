// Whether the package is what whoever installs it needs: packs this build, installs the file into an empty folder as npm would
// from the registry, and there type-checks programs that use every name of every entry, and runs the command and the library.
//
//   npm run test:package            builds first, types too; takes the dependencies from npm's cache or from the registry
//
// Strict, without skipLibCheck: declarations that only hold beside this project's sources are errors.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { version, exports, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Ways that programs find modules in, and what declarations may count on. */
const settings = {
  nodenext: { module: 'nodenext', types: ['node'] },
  bundler: { module: 'esnext', moduleResolution: 'bundler', types: ['node'] },
  'a browser': { module: 'esnext', moduleResolution: 'bundler', customConditions: ['browser'], types: [] },
} as const;

/** What the library is for, at its smallest. */
const program = `
  import { createDevice, createModel, Input } from 'residua';
  const device = await createDevice('cpu', { threads: 2 });
  const logits = createModel('article-resnet', { inChannels: 1, classes: 10, seed: 0 })
    .eval()
    .forward(new Input('images', [1, 1, 32, 32]));
  const program = await device.compile({ outputs: { logits } });
  const answer = await program.run({ images: new Float32Array(32 * 32).fill(0.5) });
  console.log(answer.logits.length, answer.logits.every(Number.isFinite));
  await device.close();`;

const folder = mkdtempSync(join(tmpdir(), 'residua-package-'));

function run(program: string, args: readonly string[], cwd = folder): string {
  try {
    return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}

function expectEqual(found: unknown, expected: unknown, what: string): void {
  if (found !== expected) throw new Error(`${what}: expected ${expected}, found ${found}`);
}

try {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root));
  const foreign = packed.files.map(({ path }: { path: string }) => path).filter(isForeign);
  if (foreign.length > 0) throw new Error(`the package holds ${foreign.join(', ')}`);
  console.log(`${packed.filename}: ${packed.files.length} files, ${(packed.size / 1e6).toFixed(2)} MB packed`);

  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  const types = ['typescript', '@types/node'].map((name) => `${name}@${devDependencies[name]}`);
  run('npm', ['install', ...quiet, `./${packed.filename}`, ...types]);

  for (const [name, compilerOptions] of Object.entries(settings)) await checkTypes(name, compilerOptions);

  expectEqual(run('npx', ['residua', '--version']).trim(), version, 'residua --version');
  const { models } = JSON.parse(run('npx', ['residua', 'models', '--json']));
  expectEqual(models.length > 20, true, 'residua models lists more than 20');
  const answer = run(process.execPath, ['--input-type=module', '--eval', program]).trim();
  expectEqual(answer, '10 true', 'logits of an image, and whether they are finite');
  console.log('The command and the library run.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What no user of the package has a use for: it is there by mistake. */
function isForeign(path: string): boolean {
  return !/^(dist|docs|examples)\/|^(README\.md|LICENSE|package\.json)$/.test(path) || /\.test\.|golden/.test(path);
}

/** Every name that an entry has when it runs must have a type. */
async function checkTypes(name: string, compilerOptions: object): Promise<void> {
  const isBrowser = 'customConditions' in compilerOptions;
  const files: string[] = [];
  for (const entry of Object.keys(exports).filter((key) => !key.endsWith('.json'))) {
    const target = exports[entry];
    const file = join(folder, 'node_modules/residua', isBrowser ? target.browser.default : target.default);
    const names = Object.keys(await import(pathToFileURL(file).href));
    files.push(`use-${entry === '.' ? 'main' : entry.slice(2)}.ts`);
    writeFileSync(
      join(folder, files[files.length - 1]),
      `import { ${names.join(', ')} } from 'residua${entry.slice(1)}';\nexport const all = [${names.join(', ')}];\n`,
    );
  }
  if (!isBrowser) {
    copyFileSync(join(root, 'examples/01-train-mnist.ts'), join(folder, 'example.ts'));
    files.push('example.ts');
  }
  const common = { target: 'es2022', lib: ['es2023', 'dom', 'dom.iterable'], strict: true, noEmit: true };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...common, skipLibCheck: false, ...compilerOptions }, files }),
  );
  run('npx', ['tsc', '--project', '.']);
  console.log(`Types hold for ${name}: ${files.join(', ')}`);
}
