import type { IncidentResponse } from '@choi-canh/shared/incidents';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { PaperRows } from '../../components/paper-rows.js';
import { Paper } from '../../components/paper.js';
import { useAreas } from '../../lib/areas.js';
import { incidentTitle, useCategoryName, useClips, useHolds, useTags } from '../../lib/cases.js';
import { useNames } from '../../lib/names.js';
import { fillForm } from '../../lib/paper-text.js';
import { formatDateTime, formatRange } from '../../lib/time.js';
import classes from './incident-sheet.module.css';

/** An incident on paper: its facts, outcome and what was made of its footage. Not shown on the screen. */
export function IncidentSheet({ incident }: { incident: IncidentResponse }) {
  const { t } = useTranslation('incidents');
  const names = useNames();
  const categoryName = useCategoryName();
  const area = useAreas().tree.byId.get(incident.areaId)?.area;
  const tags = useTags(incident.id).data ?? [];
  const clips = (useClips(incident.id).data ?? []).filter(({ state }) => state === 'done');
  const holds = (useHolds(incident.id).data ?? []).filter(({ state }) => state !== 'released');
  const place = area && { phrase: names.areaPhrase(area), name: area.name };
  const facts = [
    [t('page.occurredAt'), formatDateTime(incident.occurredAt)],
    [t('page.place'), incident.place],
    [t('page.area'), place?.phrase ?? ''],
    [t('page.category'), categoryName(incident.category)],
    [t('page.source'), t(`sources.${incident.source}`)],
    [t('page.description'), incident.description],
    [t('page.createdBy'), `${incident.createdByName}, ${formatDateTime(incident.createdAt)}`],
    [t('outcome.state'), t(`states.${incident.state}`)],
    ...(incident.closedAt === null ? [] : [[t('page.closedAt'), formatDateTime(incident.closedAt)]]),
    [t('outcome.text'), incident.outcome === '' ? t('outcome.none') : incident.outcome],
    ...(incident.resolvedByFootage ? [[t('sheet.footage'), t('byFootage')]] : []),
  ].filter(([, value]) => value !== '');
  const last = holds.length > 0 ? 'holds' : clips.length > 0 ? 'clips' : tags.length > 0 ? 'tags' : 'facts';
  return (
    <Paper
      media="print"
      area={area}
      title={fillForm(names.reportText('incidentTitle'), place)}
      subtitle={
        <p
          data-strong
        >{`${t('sheet.number', { number: incident.number })}: ${incidentTitle(incident, categoryName)}`}</p>
      }
    >
      {(foot) => (
        <>
          <table className={classes.facts}>
            <PaperRows
              foot={last === 'facts' && foot(2)}
              rows={facts.map(([name, value]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{value}</td>
                </tr>
              ))}
            />
          </table>
          {tags.length > 0 && (
            <Section
              title={t('tags.title')}
              heads={[t('sheet.camera'), t('sheet.range'), t('tags.note')]}
              foot={last === 'tags' && foot(3)}
              rows={tags.map((tag) => (
                <tr key={tag.id}>
                  <td>{tag.cameraName}</td>
                  <td>{formatRange(tag.from, tag.to)}</td>
                  <td>
                    {tag.decisive && <p data-strong>{`★ ${t('tags.decisive')}`}</p>}
                    {tag.note}
                  </td>
                </tr>
              ))}
            />
          )}
          {clips.length > 0 && (
            <Section
              title={t('clips.title')}
              heads={[t('sheet.camera'), t('sheet.range'), t('sheet.file')]}
              foot={last === 'clips' && foot(3)}
              rows={clips.flatMap((clip) =>
                clip.files.map((file) => (
                  <tr key={`${clip.id}-${file.index}`}>
                    <td>{clip.cameraName}</td>
                    <td>{formatRange(file.from, file.to)}</td>
                    <td>
                      {file.fileName}
                      <p className={classes.hash}>{`SHA-256: ${file.sha256}`}</p>
                    </td>
                  </tr>
                )),
              )}
            />
          )}
          {holds.length > 0 && (
            <Section
              title={t('holds.title')}
              heads={[t('sheet.camera'), t('sheet.range'), t('outcome.state')]}
              foot={last === 'holds' && foot(3)}
              rows={holds.map((hold) => (
                <tr key={hold.id}>
                  <td>{hold.cameraName}</td>
                  <td>
                    {hold.ranges.map(({ from, to }) => (
                      <div key={from}>{formatRange(from, to)}</div>
                    ))}
                  </td>
                  <td>{t(`holds.states.${hold.state}`)}</td>
                </tr>
              ))}
            />
          )}
        </>
      )}
    </Paper>
  );
}

function Section({ title, heads, rows, foot }: { title: string; heads: string[]; rows: ReactNode[]; foot: ReactNode }) {
  return (
    <>
      <h3 className={classes.heading}>{title}</h3>
      <table className={classes.list}>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <PaperRows rows={rows} foot={foot} />
      </table>
    </>
  );
}
