import { incidentSources, type IncidentState } from '@choi-canh/shared/incidents';
import { EntitySchema } from 'typeorm';
import {
  bigintColumn,
  choiceColumn,
  idColumn,
  instantColumn,
  integerColumn,
  textColumn,
} from '../../platform/db/columns.js';

export interface IncidentRow {
  id: string;
  number: string;
  areaId: string;
  title: string;
  occurredAt: number;
  /** Its place in the list; see incident-order.ts. */
  orderKey: number;
  place: string;
  category: string;
  source: (typeof incidentSources)[number];
  description: string;
  state: IncidentState;
  outcome: string;
  closedAt: number | null;
  createdAt: number;
  createdById: string;
  createdByName: string;
  version: number;
  /** How many of its tags are decisive; the database counts them itself, by triggers on the table of tags. */
  decisiveTags?: number;
}

export const incidentEntity = new EntitySchema<IncidentRow>({
  name: 'incident',
  tableName: 'incident',
  columns: {
    id: idColumn('id', { primary: true }),
    number: textColumn('number'),
    areaId: idColumn('area_id'),
    title: textColumn('title'),
    occurredAt: instantColumn('occurred_at'),
    orderKey: bigintColumn('order_key'),
    place: textColumn('place'),
    category: textColumn('category'),
    source: choiceColumn('source', incidentSources, 'other'),
    description: textColumn('description'),
    state: textColumn('state'),
    outcome: textColumn('outcome'),
    closedAt: instantColumn('closed_at', { nullable: true }),
    createdAt: instantColumn('created_at'),
    createdById: idColumn('created_by_id'),
    createdByName: textColumn('created_by_name'),
    version: integerColumn('version'),
    decisiveTags: integerColumn('decisive_tags', { insert: false, update: false }),
  },
});
