import { instantFromMs } from '@choi-canh/shared/common';
import type { CaseReportResponse } from '@choi-canh/shared/reports';
import type { AreaScope } from '../../lib/actor.js';
import { AppError } from '../../lib/errors.js';
import type { CaseCell, ReportsRepository } from './reports.repository.js';

type Counts = Pick<CaseCell, 'incidents' | 'resolved' | 'resolvedByFootage'>;

/** Figures that a district files. Each is the sum of cells, and each cell opens into its incidents. */
export class ReportsService {
  readonly #repository: ReportsRepository;
  readonly #unheardRecorderIds: () => readonly string[];

  constructor(repository: ReportsRepository, unheardRecorderIds: () => readonly string[]) {
    this.#repository = repository;
    this.#unheardRecorderIds = unheardRecorderIds;
  }

  async cases(
    scope: AreaScope,
    asked: { areaId?: string | undefined; fromMs: number; toMs: number },
  ): Promise<CaseReportResponse> {
    const { fromMs, toMs } = asked;
    if (!(fromMs < toMs)) throw new AppError('invalid', 'bad_range', 'from must be before to');
    const areaId = asked.areaId ?? scope.areaId ?? undefined;
    const area = areaId === undefined ? undefined : await this.#repository.area(scope, areaId);
    if (areaId !== undefined && area === undefined) throw new AppError('not_found', 'area_not_found', 'no such area');

    const [cells, categories, children, cameras] = await Promise.all([
      this.#repository.cells(scope, areaId, fromMs, toMs),
      this.#repository.categories(),
      this.#repository.children(scope, areaId ?? null),
      this.#repository.cameras(scope, areaId, this.#unheardRecorderIds()),
    ]);
    const areas = new Map(children.map((child) => [child.id, child.name]));
    for (const cell of cells) areas.set(cell.areaId, cell.areaName);
    const collator = new Intl.Collator('vi', { numeric: true });
    return {
      areaId: areaId ?? null,
      areaName: area?.name ?? '',
      from: instantFromMs(fromMs),
      to: instantFromMs(toMs),
      total: sum(cells),
      byCategory: categories
        .map(({ code, retired }) => ({
          retired,
          ...sum(cells.filter((cell) => cell.category === code)),
          category: code,
        }))
        .filter(({ retired, incidents }) => !retired || incidents > 0)
        .map(({ retired: _retired, ...row }) => row),
      byArea: [...areas]
        .map(([id, name]) => ({ areaId: id, areaName: name, ...sum(cells.filter((cell) => cell.areaId === id)) }))
        .sort((one, other) => collator.compare(one.areaName, other.areaName)),
      cells: cells.map(({ areaName: _areaName, ...cell }) => cell),
      camerasAlive: cameras.alive,
      camerasDegraded: cameras.degraded,
      camerasTotal: cameras.total,
    };
  }
}

function sum(cells: readonly Counts[]): Counts {
  const total = { incidents: 0, resolved: 0, resolvedByFootage: 0 };
  for (const cell of cells) {
    total.incidents += cell.incidents;
    total.resolved += cell.resolved;
    total.resolvedByFootage += cell.resolvedByFootage;
  }
  return total;
}
