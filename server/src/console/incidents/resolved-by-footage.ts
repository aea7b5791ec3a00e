/**
 * The one place that says what "resolved by footage" means: settled, and at least one tag of it was decisive. A SQL
 * condition over the incident of this alias, for lists, for one incident and for reports alike.
 */
export function resolvedByFootage(incidentAlias: string): string {
  return (
    `(${incidentAlias}.state = 'resolved' AND EXISTS (SELECT 1 FROM tag decisive_tag` +
    ` WHERE decisive_tag.incident_id = ${incidentAlias}.id AND decisive_tag.decisive = TRUE))`
  );
}
