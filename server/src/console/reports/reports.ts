import type { Database } from '../../platform/db/database.js';
import { ReportsRepository } from './reports.repository.js';
import { reportsRoutes } from './reports.routes.js';
import { ReportsService } from './reports.service.js';

export interface ReportsDeps {
  db: Database;
  /** The SQL condition "resolved by footage" over an incident's alias, from `incidents`, which owns its meaning. */
  resolvedByFootage: (incidentAlias: string) => string;
  /** Recorders that this console has not heard of since it started, from `recorders`. */
  unheardRecorderIds: () => readonly string[];
}

export function createReports(deps: ReportsDeps) {
  const service = new ReportsService(new ReportsRepository(deps.db, deps.resolvedByFootage), deps.unheardRecorderIds);
  return { routes: reportsRoutes(service), service };
}
