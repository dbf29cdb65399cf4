// No result may hang on the JavaScript engine. ECMAScript leaves the last bits of most of Math to it, of ** too, and engines
// do differ; so src/ computes with +, -, *, /, the functions of Math that are exact, and src/tensor/elementary.ts. What is
// only shown may use the rest, in the files listed here with the reason.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Exact by the standard; sqrt is rounded correctly by every processor's instruction, which all engines use. */
const exact = 'abs ceil clz32 floor fround imul max min round sign sqrt trunc';
const constants = 'E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2';
const allowed = new Set(`${exact} ${constants}`.split(' '));

/** Files (or folders, with a slash at the end), and why nothing that is computed there is a result. */
const exempt: Readonly<Record<string, string>> = {
  'src/devices/cpu/examine.ts': 'which operation was the first to give no finite number: no bits, only finite or not',
  'src/cli/loss-curve.ts': 'the logarithmic axis of a curve in the terminal',
  'src/train/run/line-chart.ts': 'logarithmic axes and their marks in loss.svg and report.html',
  'src/train/speed.ts': 'how fast the speed shown forgets',
  'src/studio/': 'a page that draws, and a server; what they compute comes from the rest of src',
};

const root = fileURLToPath(new URL('../', import.meta.url));

/** What is taken from Math here, by Math.name or { name } = Math; something that is not allowed where that isn't known. */
function namesTakenFrom({ parent }: ts.Identifier): string[] {
  if (ts.isPropertyAccessExpression(parent)) return [parent.name.text];
  if (!ts.isVariableDeclaration(parent) || !ts.isObjectBindingPattern(parent.name)) return ['all of it'];
  return parent.name.elements.map(({ propertyName, name }) => (propertyName ?? name).getText());
}

/** Places in a source where the engine has the last word. */
function findings(source: string): string[] {
  const file = ts.createSourceFile('file.tsx', source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const report = (node: ts.Node) => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${line + 1}: ${node.getText()}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node.text === 'Math' && !namesTakenFrom(node).every((name) => allowed.has(name))) {
      report(node.parent);
    }
    if (ts.isBinaryExpression(node)) {
      const power = node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken;
      const assigned = node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskEqualsToken;
      // Whole powers of two are checked below.
      const base = ts.isNumericLiteral(node.left) ? Number(node.left.text) : Number.NaN;
      const ofTwo = base === 2 || base === 256;
      if (assigned || (power && !ofTwo && !ts.isBigIntLiteral(node.left))) report(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

describe('what depends on the engine', () => {
  it('is found', () => {
    expect(findings('const a = Math.exp(x);')).toEqual(['1: Math.exp']);
    expect(findings("const { log } = Math;\nconst b = Math['pow'](2, 3);")).toHaveLength(2);
    expect(findings('const c = x ** 2;\nlet d = 2;\nd **= 2;')).toEqual(['1: x ** 2', '3: d **= 2']);
    expect(
      findings('const { fround: f, sqrt } = Math;\n// Math.exp\nconst e = Math.sqrt(2 ** -24) * Math.PI;'),
    ).toEqual([]);
  });

  it('is nowhere in src but where the reason is written down', () => {
    const names = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' });
    const files = names.filter((name) => /\.tsx?$/.test(name)).map((name) => `src/${name.replaceAll('\\', '/')}`);
    expect(files.length).toBeGreaterThan(100);
    const unexplained = files
      .filter((path) => !path.includes('.test.') && !Object.keys(exempt).some((prefix) => path.startsWith(prefix)))
      .flatMap((path) => findings(readFileSync(root + path, 'utf8')).map((found) => `${path}:${found}`));
    const remedy = 'use src/tensor/elementary.ts or products, or add the file to the list above';
    expect(unexplained, remedy).toEqual([]);
  });

  it('has no needless exemption', () => {
    const paths = Object.keys(exempt).filter((path) => !path.endsWith('/'));
    for (const path of paths) expect(findings(readFileSync(root + path, 'utf8')), path).not.toEqual([]);
  });

  it('is not a power of two', () => {
    const bits = new DataView(new ArrayBuffer(8));
    for (let exponent = -1022; exponent <= 1023; exponent++) {
      bits.setFloat64(0, 2 ** exponent);
      expect(bits.getBigUint64(0)).toBe(BigInt(exponent + 1023) << 52n);
    }
  });
});
