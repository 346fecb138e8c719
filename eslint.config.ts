import { builtinModules } from 'node:module';
import { posix, relative } from 'node:path';
import type { Linter, Rule } from 'eslint';
import type * as ESTree from 'estree';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { OPS } from './pipeline/schedule/op-table.js';
import { HOUSE, ROOMS, refusal, roomOf } from './rooms.js';

/** Packages that run in browsers too. */
const BROWSER_PACKAGES = ['@petamoriken/float16', 'd3-array', 'jsonc-parser', 'preact', 'valibot'];

/** Holds each import to the table of rooms. */
const roomImports: Rule.RuleModule = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const file = relative(context.cwd, context.filename).replaceAll('\\', '/');
    const room = roomOf(file);
    const report = (node: ESTree.Node, message: string | undefined): void => {
      if (message !== undefined) context.report({ node, message });
    };
    const check = (node: ESTree.Node, source: unknown, atRunTime: boolean): void => {
      if (typeof source !== 'string') return;
      if (source.startsWith('.')) {
        const target = roomOf(posix.join(posix.dirname(file), source));
        if (target !== room) report(node, refusal(room, target, atRunTime));
        return;
      }
      const name = source.split('/', source.startsWith('@') ? 2 : 1).join('/');
      if (name === 'ipu-pipeline') report(node, 'The house does not import its own doors.');
      if (!atRunTime || !ROOMS[room]?.browser) return;
      const needsNode = source.startsWith('node:') || builtinModules.includes(source);
      if (needsNode) report(node, `${room} also runs in the browser: no Node here.`);
      else if (!BROWSER_PACKAGES.includes(name))
        report(node, `Does ${name} run in the browser, as ${room} does?`);
    };
    type Import = ESTree.ImportDeclaration | ESTree.ExportNamedDeclaration | ESTree.ExportAllDeclaration;
    const declaration = (node: Import): void => {
      const isType = Object.entries(node).some(
        ([key, kind]) => /^(im|ex)portKind$/.test(key) && kind === 'type',
      );
      check(node, node.source?.value, !isType);
    };
    return {
      Program: (node) => report(node, ROOMS[room] ? undefined : refusal(room, room, false)),
      ImportDeclaration: declaration,
      ExportNamedDeclaration: declaration,
      ExportAllDeclaration: declaration,
      ImportExpression: ({ source }) => check(source, 'value' in source && source.value, true),
      // A worker's program is named by its address.
      "NewExpression[callee.name='URL'] > Literal[value=/^\\..*\\.js$/]": (node: ESTree.Literal) => {
        check(node, node.value, true);
      },
    };
  },
};

const inBrowser = Object.keys(ROOMS).filter((room) => ROOMS[room]!.browser);
const noNodeGlobals = ['process', 'Buffer', 'require', '__dirname', '__filename', 'setImmediate'].map(
  (name) => ({ name, message: 'This folder also runs in the browser: no Node here.' }),
);

const manners = [
  { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
  { selector: 'TSParameterProperty', message: 'Declare the member, #private where it can be.' },
  { selector: "PropertyDefinition[accessibility='private']", message: 'Use #private members.' },
  { selector: "MethodDefinition[accessibility='private']", message: 'Use #private members.' },
];
const op = `Literal[value=/^(${OPS.join('|')})$/]`;
const noOpByHand = [`BinaryExpression[operator=/^[!=]==$/] > ${op}`, `SwitchCase > ${op}.test`].map(
  (selector) => ({
    selector,
    message: 'What an op does stands in the op table and in the readiness rule: ask them.',
  }),
);

const house = HOUSE.map((folder) => `${folder}/**/*.{ts,tsx}`);
const config: Linter.Config[] = defineConfig(
  { ignores: ['dist/**', 'node_modules/**', 'coverage/**', 'test/fixtures/**/*.mjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 60 }],
      complexity: ['error', 20],
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...manners],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_$' }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
    },
  },
  {
    files: house,
    plugins: { house: { rules: { rooms: roomImports } } },
    rules: { 'house/rooms': 'error' },
  },
  {
    files: house,
    ignores: ['pipeline/schedule/op-table*.ts', 'pipeline/schedule/readiness.ts', 'pipeline/schedules/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...manners, ...noOpByHand] },
  },
  {
    files: inBrowser.map((room) => `${room}/*.{ts,tsx}`),
    rules: { 'no-restricted-globals': ['error', ...noNodeGlobals] },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', '*.ts'],
    rules: {
      'no-console': 'off',
      'no-restricted-syntax': 'off',
      'max-lines-per-function': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
);

// ESLint asks for a default export.
export default config;
