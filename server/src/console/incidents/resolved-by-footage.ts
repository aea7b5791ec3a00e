/**
 * The one place that says what "resolved by footage" means: settled, and at least one tag of it was decisive. A SQL
 * condition over the incident of this alias, for lists, for one incident and for reports alike. The number of decisive
 * tags stands beside the incident; triggers on the table of tags keep it, so it cannot differ from them.
 */
export function resolvedByFootage(incidentAlias: string): string {
  return `(${incidentAlias}.state = 'resolved' AND ${incidentAlias}.decisive_tags > 0)`;
}
