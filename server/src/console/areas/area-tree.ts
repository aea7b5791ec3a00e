import type { AreasRepository } from './areas.repository.js';

/**
 * Who is above whom, in memory, because an event must find its audience without asking the database. Loaded at the
 * start and after every change; a few thousand areas at most.
 */
export class AreaTree {
  private paths = new Map<string, string>();

  constructor(private readonly repository: Pick<AreasRepository, 'paths'>) {}

  async reload(): Promise<void> {
    const rows = await this.repository.paths();
    this.paths = new Map(rows.map((row) => [row.id, row.path]));
  }

  pathOf(areaId: string): string | undefined {
    return this.paths.get(areaId);
  }

  /** The area itself and everything above it; empty when there is no such area. */
  ancestorsOf(areaId: string): string[] {
    return (this.paths.get(areaId) ?? '').split('/').filter((id) => id !== '');
  }
}
