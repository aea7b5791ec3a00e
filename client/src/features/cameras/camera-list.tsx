import type { CameraResponse } from '@choi-canh/shared/cameras';
import { UnstyledButton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { CameraReasonText } from '../../components/camera-reason.js';
import { Instant } from '../../components/instant.js';
import { StateBadge } from '../../components/state-badge.js';
import { foldText } from '@choi-canh/shared/text-folding';
import { CameraCure } from './camera-cure.js';
import classes from './camera-list.module.css';
import { sortKeys, type CameraTableView, type SortKey } from './camera-table.js';

/** The fleet as a list that stays smooth at any length: only the rows on the screen exist. */
export function CameraList({
  rows,
  view,
  onSort,
  areaName,
}: {
  rows: readonly CameraResponse[];
  view: CameraTableView;
  onSort: (sort: SortKey, descending: boolean) => void;
  areaName: (areaId: string) => string;
}) {
  const { t } = useTranslation('cameras');
  const narrow = useMediaQuery('(max-width: 75em)', false, { getInitialValueInEffect: false });
  const list = useRef<HTMLDivElement>(null);
  const [scrollMargin, setScrollMargin] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setScrollMargin((list.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  // Rows with a complaint have room for all of it and for what to do.
  const rowPx = useCallback(
    (index: number) => (rows[index]?.state === 'alive' ? (narrow ? 96 : 60) : narrow ? 164 : 76),
    [rows, narrow],
  );
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: rowPx,
    overscan: 10,
    scrollMargin,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  useLayoutEffect(() => virtual.measure(), [rowPx, virtual]);

  const showsPlaces = rows.some((camera) => camera.place !== '' && !saysPlace(camera));
  return (
    <div
      className={classes.table}
      role="table"
      aria-label={t('title')}
      aria-rowcount={rows.length + 1}
      data-places={showsPlaces}
    >
      <div className={classes.head} role="row" aria-rowindex={1}>
        {sortKeys.map((key) => (
          <SortHeader key={key} column={key} view={view} onSort={onSort} />
        ))}
      </div>
      <div ref={list} role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map((item) => {
          const camera = rows[item.index];
          if (camera === undefined) return null;
          return (
            <div
              key={item.key}
              role="row"
              aria-rowindex={item.index + 2}
              className={classes.row}
              data-camera-id={camera.id}
              style={{ height: item.size, transform: `translateY(${item.start - scrollMargin}px)` }}
            >
              <div role="cell" className={classes.state}>
                <StateBadge state={camera.state} retired={camera.retiredAt !== null} />
              </div>
              <div role="cell" className={classes.name}>
                <Link to={`/cameras/${camera.id}`} className={classes.link ?? ''}>
                  {camera.name}
                </Link>
              </div>
              <div role="cell" className={classes.place}>
                {saysPlace(camera) ? '' : camera.place}
              </div>
              <div role="cell" className={classes.area}>
                {areaName(camera.areaId)}
              </div>
              <div role="cell" className={classes.since}>
                <div className={classes.complaint}>
                  {camera.state !== 'alive' && camera.retiredAt === null && (
                    <span className={classes.reason}>
                      <CameraReasonText reason={camera.reason} />
                    </span>
                  )}
                  <span className={classes.when}>
                    <Instant at={camera.sinceAt} relative />
                  </span>
                </div>
                <div className={classes.cure}>
                  <CameraCure camera={camera} most={1} />
                </div>
              </div>
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Names often carry the place: "Cam 12 – Ngã ba chợ". It is not said twice. */
function saysPlace({ name, place }: CameraResponse): boolean {
  return foldText(name).includes(foldText(place));
}

function SortHeader({
  column,
  view,
  onSort,
}: {
  column: SortKey;
  view: CameraTableView;
  onSort: (sort: SortKey, descending: boolean) => void;
}) {
  const { t } = useTranslation('cameras');
  const active = view.sort === column;
  const Arrow = view.descending ? IconArrowDown : IconArrowUp;
  return (
    <div
      role="columnheader"
      aria-sort={active ? (view.descending ? 'descending' : 'ascending') : 'none'}
      className={classes.header}
      data-column={column}
    >
      <UnstyledButton className={classes.sort} onClick={() => onSort(column, active && !view.descending)}>
        {t(`columns.${column}`)}
        {active && <Arrow size={16} aria-hidden="true" />}
      </UnstyledButton>
    </div>
  );
}
