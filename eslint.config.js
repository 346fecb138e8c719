import tseslint from 'typescript-eslint';

const nodeFree = {
  group: ['node:*', 'fs', 'path', 'os', 'worker_threads', 'piscina', 'onnxruntime-node'],
  message: 'This folder also runs in the browser: no Node here (see docs/decisions.md).',
};
const noSrc = { group: ['**/src/**', '**/src'], message: 'Imports go one way: src → pipeline → ipu-config.' };
const noPipeline = {
  group: ['**/pipeline/**', '**/pipeline'],
  message: 'Imports go one way: src → pipeline → ipu-config.',
};
const noNodeGlobals = ['process', 'Buffer', 'require', '__dirname', '__filename', 'setImmediate'].map(
  (name) => ({ name, message: 'This folder also runs in the browser: no Node here.' }),
);

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'coverage/**', 'test/fixtures/**/*.mjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] } } },
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 60 }],
      complexity: ['error', 20],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'TSPropertySignature > TSParameterProperty', message: 'Use #private members.' },
        { selector: "PropertyDefinition[accessibility='private']", message: 'Use #private members.' },
        { selector: "MethodDefinition[accessibility='private']", message: 'Use #private members.' },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_$' }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
    },
  },
  {
    files: ['ipu-config/**/*.ts'],
    ignores: ['ipu-config/base/files/**'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [nodeFree, noSrc, noPipeline] }],
      'no-restricted-globals': ['error', ...noNodeGlobals],
    },
  },
  {
    files: ['pipeline/**/*.ts'],
    ignores: ['pipeline/runtime/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [nodeFree, noSrc, { ...nodeFree, group: ['**/runtime/**'] }] },
      ],
      'no-restricted-globals': ['error', ...noNodeGlobals],
    },
  },
  {
    files: ['pipeline/runtime/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [noSrc] }] },
  },
  {
    // The page of reports is bundled for the browser, with these parts of src/report.
    files: [
      'src/hardware/**/*.ts',
      'src/report/page/**/*.{ts,tsx}',
      ...[
        ...['activity', 'palette', 'run-description', 'span-codec', 'span-table'],
        ...['flow-pairs', 'held-activations', 'timeline-collector', 'trace-events'],
      ].map((name) => `src/observe/${name}.ts`),
      'src/report/data/report-data.ts',
    ],
    rules: {
      'no-restricted-imports': ['error', { patterns: [nodeFree] }],
      'no-restricted-globals': ['error', ...noNodeGlobals],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', '*.config.*'],
    rules: {
      'no-console': 'off',
      'no-restricted-syntax': 'off',
      'max-lines-per-function': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
  { files: ['eslint.config.js'], ...tseslint.configs.disableTypeChecked },
);
