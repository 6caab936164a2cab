import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const KIND = String.raw`/[Kk]afka|KAFKA|[Jj]et[Ss]tream|(?<![A-Za-z])nats|Nats|NATS/`;
const ERROR_WITH_TEXT = {
  selector: 'NewExpression[callee.name=/^(MultiBrokerError|PublishError)$/]',
  message: 'Errors of the library are made of the catalogue: errorOf(), publishErrorOf(), errorFrom(), errorAt()',
};
const unusedVars = { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true };

export default defineConfig(
  globalIgnores(['**/dist/', 'coverage/', '.tmp/', '.brokers/', 'test/smoke/apps/']),
  {
    files: ['**/*.{js,mjs,cjs}'],
    extends: [js.configs.recommended],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'AbortController',
          'AbortSignal',
          'Buffer',
          'URL',
          'clearInterval',
          'clearTimeout',
          'console',
          'fetch',
          'performance',
          'process',
          'setImmediate',
          'setInterval',
          'setTimeout',
          'structuredClone',
        ].map((name) => [name, 'readonly']),
      ),
    },
    rules: { 'no-unused-vars': ['error', unusedVars] },
  },
  {
    // They run in a browser.
    files: ['lib/asyncapi/page/assets/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          ...['CSS', 'DOMParser', 'EventSource', 'MutationObserver', 'ResizeObserver'],
          ...['confirm', 'document', 'localStorage', 'matchMedia', 'window'],
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { module: 'writable', require: 'readonly', exports: 'writable', __dirname: 'readonly' },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowStaticOnly: true }],
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Nest's option classes are meant for object literals.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unused-vars': ['error', unusedVars],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/unified-signatures': 'off',
      eqeqeq: 'error',
    },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 400 }],
      'no-console': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      'no-restricted-syntax': ['error', ERROR_WITH_TEXT],
    },
  },
  {
    files: ['lib/errors/**/*.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // What twins share knows no kind of broker. Who imports what is checked by .dependency-cruiser.mjs.
    files: ['lib/twin/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ERROR_WITH_TEXT,
        ...[`Identifier[name=${KIND}]`, `Literal[value=${KIND}]`, `TemplateElement[value.raw=${KIND}]`].map(
          (selector) => ({ selector, message: 'lib/twin names no kind of broker' }),
        ),
      ],
    },
  },
  {
    // Tests, samples and benchmarks say what they mean with fewer types.
    files: ['test/**/*.ts', 'sample/**/*.ts', 'bench/**/*.ts', 'lib/driver/conformance/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
