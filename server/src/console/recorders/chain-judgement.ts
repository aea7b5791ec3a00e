import type { ChainTrouble } from '@choi-canh/shared/chain';
import { firstPrevious, isSelfSigned, isVouchedBy, type Head, type HeadsRecord } from '../../lib/chain/heads-record.js';

/** What the next record of a recorder is held to. */
export interface ChainStanding {
  readonly publicKey: string;
  readonly sequence: number;
  readonly hash: string;
  /** Of the newest record with heads. */
  readonly heads: readonly Head[];
}

export interface Judgement {
  readonly state: 'accepted' | 'waiting' | 'refused';
  readonly trouble: ChainTrouble | null;
  readonly cameraIds: string[];
}

const verdict = (
  state: Judgement['state'],
  trouble: ChainTrouble | null = null,
  cameraIds: string[] = [],
): Judgement => ({
  state,
  trouble,
  cameraIds,
});

/**
 * Whether a record follows what is kept. `standing` undefined: the first of this recorder. `mayMiss`: the recorder was asked
 * for the records before this one and does not have them.
 */
export function judgeRecord(record: HeadsRecord, standing: ChainStanding | undefined, mayMiss: boolean): Judgement {
  const { body } = record;
  if (!isSelfSigned(record)) return verdict('refused', 'bad_signature');
  if (standing === undefined) {
    if (body.sequence === 1)
      return body.previous === firstPrevious ? verdict('accepted') : verdict('refused', 'not_following');
    return mayMiss ? verdict('accepted', 'records_missing') : verdict('waiting');
  }
  if (body.sequence <= standing.sequence)
    return verdict('refused', body.sequence === 1 ? 'started_anew' : 'not_following');
  const isNext = body.sequence === standing.sequence + 1;
  if (!isNext && !mayMiss) return verdict('waiting');
  if (isNext && body.previous !== standing.hash) return verdict('refused', 'not_following');
  if (body.publicKey !== standing.publicKey) {
    const vouched = body.kind === 'key' && isVouchedBy(record, standing.publicKey);
    if (!vouched) return verdict('refused', 'key_changed');
  }
  const shorter = body.kind === 'heads' ? shorterChains(standing.heads, body.cameras) : [];
  if (shorter.length > 0) return verdict('accepted', 'chain_shorter', shorter);
  return isNext ? verdict('accepted') : verdict('accepted', 'records_missing');
}

/** Cameras whose chain has lost entries, or another one where it had been signed. Chains only ever grow. */
function shorterChains(before: readonly Head[], now: readonly Head[]): string[] {
  const heads = new Map(now.map(([cameraId, count, hash]) => [cameraId, { count, hash }]));
  return before
    .filter(([cameraId, count, hash]) => {
      const head = heads.get(cameraId);
      return head === undefined || head.count < count || (head.count === count && head.hash !== hash);
    })
    .map(([cameraId]) => cameraId);
}
