import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';
import { importZones } from './scripts/lint/import-zones.js';

/** A third-party service is known to one room only (architecture: Rooms). */
const owners = [
  { packages: ['typeorm', 'pg', 'better-sqlite3'], allowed: [] },
  { packages: ['socket.io'], allowed: [] },
  { packages: ['node-onvif'], allowed: [] },
  { packages: ['fluent-ffmpeg'], allowed: [] },
];
const restricted = owners.flatMap((owner) => owner.packages);
const restrict = (names) => ['error', { paths: names.map((name) => ({ name, message: 'owned by a platform room' })) }];

export default tseslint.config(
  { ignores: ['**/node_modules', '**/dist', 'demo-data', 'data', 'test-results', '.cache'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', fetch: 'readonly' } },
    plugins: { zones: { rules: { 'import-zones': importZones } } },
    rules: {
      'zones/import-zones': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'off',
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: { Buffer: 'readonly', setTimeout: 'readonly', clearTimeout: 'readonly', AbortSignal: 'readonly' },
    },
  },
  {
    files: ['server/src/**/*.ts', 'shared/src/**/*.ts', 'scripts/**/*.ts', 'test/**/*.ts', 'client/src/**/*.{ts,tsx}'],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.check.json', './client/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
    },
  },
  { files: ['server/src/**/*.ts'], rules: { 'no-restricted-imports': restrict(restricted) } },
  {
    files: ['server/src/platform/**/*.ts', '**/*.entity.ts', '**/*.repository.ts', '**/*.test.ts', '**/*.suite.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    // The recorder's own small SQLite files (catalogue, outbox, extraction queue) are not TypeORM's.
    files: ['server/src/recorder/**/*.ts'],
    rules: { 'no-restricted-imports': restrict(restricted.filter((name) => name !== 'better-sqlite3')) },
  },
  {
    files: ['server/src/{lib,recorder,console}/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.suite.ts', '**/lib/clock.ts', '**/*test-*.ts', '**/*fake*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'take a Clock (lib/clock.ts)' },
      ],
    },
  },
  {
    // One select, one dialog, one number field: what is typed is never lost or corrected silently.
    files: ['client/src/**/*.{ts,tsx}'],
    ignores: ['client/src/components/form/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@mantine/core',
              importNames: [
                'Select',
                'NativeSelect',
                'MultiSelect',
                'Autocomplete',
                'Modal',
                'NumberInput',
                'PasswordInput',
              ],
              message: 'use SearchSelect, FormDialog, NumberField or PasswordField of components/form',
            },
            { name: '@mantine/form', message: 'use useAppForm of components/form' },
          ],
        },
      ],
    },
  },
  { files: ['client/src/**/*.{ts,tsx}'], ...reactHooks.configs.flat.recommended },
);
