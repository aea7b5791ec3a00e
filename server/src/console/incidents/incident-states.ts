import type { IncidentState } from '@choi-canh/shared/incidents';

/** Where an incident may go from each state. A closed one is corrected at once, or taken up again first. */
const transitions: Record<IncidentState, readonly IncidentState[]> = {
  new: ['under_review', 'resolved', 'unresolved', 'unfounded'],
  under_review: ['resolved', 'unresolved', 'unfounded'],
  resolved: ['under_review', 'unresolved', 'unfounded'],
  unresolved: ['under_review', 'resolved', 'unfounded'],
  unfounded: ['under_review', 'resolved', 'unresolved'],
};

export function mayBecome(from: IncidentState, to: IncidentState): boolean {
  return from === to || transitions[from].includes(to);
}

export function isClosed(state: IncidentState): boolean {
  return state === 'resolved' || state === 'unresolved' || state === 'unfounded';
}
