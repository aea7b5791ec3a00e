import { chainRecordPage, type ChainHeadsRecord } from '@choi-canh/shared/chain';
import { z } from 'zod';
import { parseInput, type RecorderRoute } from './recorder-http.js';

export interface ChainRoom {
  chain: {
    sign(why: 'demand'): Promise<ChainHeadsRecord>;
    records(sequence: number): Promise<ChainHeadsRecord[]>;
  };
}

const recordsQuery = z.object({ after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0) });

/** The signed records of all chain heads, for the console. */
export function chainRoutes({ chain }: ChainRoom): RecorderRoute[] {
  return [
    { method: 'POST', path: '/v1/chain/sign', handle: () => chain.sign('demand') },
    {
      method: 'GET',
      path: '/v1/chain/records',
      handle: async ({ query }) => {
        const { after } = parseInput(recordsQuery, query);
        return chainRecordPage.parse({ records: await chain.records(after) });
      },
    },
  ];
}
