const yearThere = new Intl.DateTimeFormat('en', { timeZone: 'Asia/Ho_Chi_Minh', year: 'numeric' });

/** The year in which an incident is entered, as the book on the desk has it. */
export function registerYear(atMs: number): number {
  return Number(yearThere.format(atMs));
}

/** "2026/CĐ-0147" */
export function incidentNumber(year: number, areaCode: string, running: number): string {
  return `${year}/${areaCode}-${String(running).padStart(4, '0')}`;
}
