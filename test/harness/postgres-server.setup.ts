import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the server, as its administrator. */
    postgresUrl: string;
  }
}

/** One server for all files of a project; each takes databases of its own (`empty-database.ts`). */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startPostgres({
    settings: { shared_buffers: '64MB', max_connections: '300', autovacuum: 'off' },
  });
  project.provide('postgresUrl', postgres.url);
  return () => postgres.stop();
}
