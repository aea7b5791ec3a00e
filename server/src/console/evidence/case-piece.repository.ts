import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/** A tag, hold or clip with what its camera and incident say about it. */
export interface CasePiece<Row> {
  row: Row;
  cameraName: string;
  recorderId: string;
  /** Of the incident; it decides who may see the piece. */
  areaId: string;
  incidentNumber: string;
}

/** The rows of a query over a table with `incident_id` and `camera_id`; its conditions may name `inc` and `cam`. */
export async function casePieces<Row extends ObjectLiteral>(query: SelectQueryBuilder<Row>): Promise<CasePiece<Row>[]> {
  const { raw, entities } = await query
    .innerJoin('incident', 'inc', `inc.id = ${query.alias}.incident_id`)
    .innerJoin('camera', 'cam', `cam.id = ${query.alias}.camera_id`)
    .addSelect('cam.name', 'view_camera')
    .addSelect('cam.recorder_id', 'view_recorder')
    .addSelect('inc.area_id', 'view_area')
    .addSelect('inc.number', 'view_number')
    .getRawAndEntities<Record<'view_camera' | 'view_recorder' | 'view_area' | 'view_number', string>>();
  return entities.map((row, index) => ({
    row,
    cameraName: raw[index]?.view_camera ?? '',
    recorderId: raw[index]?.view_recorder ?? '',
    areaId: raw[index]?.view_area ?? '',
    incidentNumber: raw[index]?.view_number ?? '',
  }));
}
