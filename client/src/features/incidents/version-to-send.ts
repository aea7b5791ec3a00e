import type { IncidentPatchRequest, IncidentResponse } from '@choi-canh/shared/incidents';

type Field = keyof IncidentPatchRequest & keyof IncidentResponse;

/**
 * The newest version, if since `seen` only other things changed than what is now being written (a tag, another field):
 * that is no conflict. Else the version that was seen, so that the server notices.
 */
export function versionToSend(changes: IncidentPatchRequest, seen: IncidentResponse, newest: IncidentResponse): number {
  const fields = Object.keys(changes).filter((field): field is Field => field in newest);
  return fields.every((field) => seen[field] === newest[field]) ? newest.version : seen.version;
}
