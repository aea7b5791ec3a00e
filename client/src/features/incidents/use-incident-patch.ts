import type { IncidentPatchRequest, IncidentResponse } from '@choi-canh/shared/incidents';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { isApiError } from '../../lib/api-error.js';
import { incidentKey, useCaseActions } from '../../lib/cases.js';

/**
 * Saves changes of an incident and notices a colleague's: then `conflict` is true, the newest version is loaded, and
 * saving again overwrites it knowingly.
 */
export function useIncidentPatch(incident: IncidentResponse) {
  const client = useQueryClient();
  const actions = useCaseActions();
  /** The version that the person has seen; a change that arrives while typing does not count as seen. */
  const [seenVersion, setSeenVersion] = useState(incident.version);
  const [conflict, setConflict] = useState(false);

  return {
    conflict,
    /** The newest version counts as seen from here on. */
    accept() {
      setConflict(false);
      setSeenVersion(incident.version);
    },
    /** @returns whether it was saved; throws what is not a conflict. */
    async save(changes: IncidentPatchRequest, version = seenVersion): Promise<boolean> {
      try {
        const saved = await actions.patchIncident(incident.id, { ...changes, version });
        setSeenVersion(saved.version);
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
