import type { IncidentPatchRequest, IncidentResponse } from '@choi-canh/shared/incidents';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { isApiError } from '../../lib/api-error.js';
import { incidentKey, useCaseActions } from '../../lib/cases.js';
import { versionToSend } from './version-to-send.js';

/**
 * Saves changes of an incident and notices a colleague's: then `conflict` is true, the newest version is loaded, and
 * saving again overwrites it knowingly.
 */
export function useIncidentPatch(incident: IncidentResponse) {
  const client = useQueryClient();
  const actions = useCaseActions();
  /** As it was when the person began to type. */
  const [seen, setSeen] = useState(incident);
  const [conflict, setConflict] = useState(false);

  return {
    conflict,
    /** What is known now counts as seen: typing begins, or the newest version was taken. */
    accept() {
      setConflict(false);
      setSeen(incident);
    },
    /** @returns whether it was saved; throws what is not a conflict. */
    async save(changes: IncidentPatchRequest, overwrite = false): Promise<boolean> {
      try {
        const version = overwrite ? incident.version : versionToSend(changes, seen, incident);
        setSeen(await actions.patchIncident(incident.id, { ...changes, version }));
        setConflict(false);
        return true;
      } catch (error) {
        if (!isApiError(error, 'conflict') || error.code !== 'incident_changed') throw error;
        await client.invalidateQueries({ queryKey: incidentKey(incident.id), exact: true });
        setConflict(true);
        return false;
      }
    },
  };
}
