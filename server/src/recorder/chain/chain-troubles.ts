import type { Logger } from '../../lib/logger.js';

/** What went wrong with the chains since the recorder started: counted, the newest kept, each told to a person. */
export interface ChainTroubles {
  report(code: ChainTroubleCode, message: string, facts: Record<string, unknown>): void;
  count(): number;
  newest(): readonly ReportedTrouble[];
}

export type ChainTroubleCode =
  'not_written' | 'chain_lost' | 'chain_damaged' | 'changed_outside' | 'heads_damaged' | 'key_lost';

export interface ReportedTrouble {
  readonly code: ChainTroubleCode;
  readonly facts: Record<string, unknown>;
}

const keptTroubles = 50;

export function createChainTroubles(logger: Logger): ChainTroubles {
  let count = 0;
  const newest: ReportedTrouble[] = [];
  return {
    report(code, message, facts) {
      count += 1;
      newest.push({ code, facts });
      if (newest.length > keptTroubles) newest.shift();
      logger.error({ code, ...facts }, message);
    },
    count: () => count,
    newest: () => newest,
  };
}
