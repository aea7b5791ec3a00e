import { loadConfig, configSchema, type Config } from './config.js';
import { errorMessage, isAppError } from './lib/errors.js';
import { productVersion } from './product-version.js';

/** The command line, signals and exit codes; everything else is in console.app.ts and recorder.app.ts. */

const STOP_DEADLINE_MS = 15_000;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

interface Running {
  stop(): Promise<void>;
}

interface Command {
  summary: string;
  /** `stop` ends the process in order, as a signal does. */
  run(config: Config, stop: () => void): Promise<Running>;
}

// Loaded when asked for: a recorder has no use for the console's code, nor --help for either.
const runServe: Command['run'] = async (config) => (await import('./serve-command.js')).runServe(config);
const runRecorder = async (config: Config, options: { embedded: boolean; stop(): void }) =>
  (await import('./recorder-command.js')).runRecorder(config, options);

const commands: Record<string, Command> = {
  serve: { summary: 'the console with a recorder beside it (default)', run: runServe },
  console: {
    summary: 'the console alone',
    run: (config, stop) => runServe({ ...config, RECORDER: 'none' }, stop),
  },
  recorder: {
    summary: 'a recorder alone',
    run: (config, stop) => runRecorder(config, { embedded: false, stop }),
  },
  'pairing-code': {
    summary: 'prints a one-time code with which a console is paired with the recorder of this machine',
    run: async (config, stop) => {
      await (await import('./recorder-command.js')).runPairingCode(config);
      queueMicrotask(stop);
      return { stop: () => Promise.resolve() };
    },
  },
  'recorder --embedded': {
    summary: 'a recorder that a console has started; gets its secrets by message',
    run: (config, stop) => runRecorder(config, { embedded: true, stop }),
  },
};

/** Commands that end by themselves, with options of their own. They give the exit code. */
const oneOffs: Record<string, { summary: string; run(config: Config, args: string[]): Promise<number> }> = {
  backup: {
    summary: 'saves database, keys and evidence while the console runs (--help)',
    run: async (config, args) => (await import('./backup/backup-command.js')).runBackup(config, args, productVersion()),
  },
  restore: {
    summary: 'puts a backup in place while no console runs (--help)',
    run: async (config, args) => {
      const { takeDataDir } = await import('./data-dir.js');
      return (await import('./backup/restore-command.js')).runRestore(config, args, takeDataDir);
    },
  },
};

async function main(): Promise<void> {
  // Whatever this process writes is for its own user: footage, databases, keys.
  process.umask(0o077);
  const name = process.argv.slice(2).join(' ') || 'serve';
  if (name === '--help' || name === '-h') {
    process.stdout.write(help());
    return;
  }
  if (name === '--version') {
    process.stdout.write(`${productVersion()}\n`);
    return;
  }
  const [first = '', ...args] = process.argv.slice(2);
  const oneOff = Object.hasOwn(oneOffs, first) ? oneOffs[first] : undefined;
  if (oneOff !== undefined) {
    process.exit(await oneOff.run(loadConfig(process.env), args));
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    process.stderr.write(`Unknown command: ${name}\n\n${help()}`);
    process.exitCode = EXIT_USAGE;
    return;
  }
  const config = loadConfig(process.env);

  let stopped: Promise<void> | undefined;
  const now: { running?: Running } = {};
  const stop = (exitCode: number) => {
    // A second signal does not wait.
    if (stopped !== undefined) process.exit(exitCode === 0 ? 130 : exitCode);
    setTimeout(() => {
      process.stderr.write('Stopping took too long.\n');
      process.exit(EXIT_FAILED);
    }, STOP_DEADLINE_MS).unref();
    stopped = (now.running?.stop() ?? Promise.resolve()).then(
      () => process.exit(exitCode),
      (error: unknown) => {
        say(error);
        process.exit(EXIT_FAILED);
      },
    );
  };
  const fail = (error: unknown) => {
    say(error);
    stop(EXIT_FAILED);
  };
  process.on('SIGINT', () => stop(0));
  process.on('SIGTERM', () => stop(0));
  process.on('uncaughtException', fail);
  now.running = await command.run(config, () => stop(0));
}

/** One clear sentence; a stack only for what is our own mistake. */
function say(error: unknown): void {
  const isKnown = isAppError(error) && error.kind !== 'internal';
  process.stderr.write(`Chòi Canh: ${isKnown ? error.message : ((error as Error).stack ?? errorMessage(error))}\n`);
}

function help(): string {
  const lines = Object.entries({ ...commands, ...oneOffs }).map(
    ([name, { summary }]) => `  ${name.padEnd(22)}${summary}`,
  );
  const keys = Object.entries(configSchema.shape).map(
    ([key, schema]) => `  CHOI_CANH_${key.padEnd(22)}${schema.description ?? ''}`,
  );
  return `Usage: choi-canh [command]\n\n${lines.join('\n')}\n\nSettings, from the environment:\n${keys.join('\n')}\n`;
}

main().catch((error: unknown) => {
  say(error);
  process.exit(isAppError(error, 'invalid') ? EXIT_USAGE : EXIT_FAILED);
});
