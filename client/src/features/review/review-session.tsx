import type { CameraResponse } from '@choi-canh/shared/cameras';
import type { OpeningResponse } from '@choi-canh/shared/footage';
import type { IncidentResponse } from '@choi-canh/shared/incidents';
import { useMediaQuery } from '@mantine/hooks';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useHolds, useTags } from '../../lib/cases.js';
import { useNow } from '../../lib/use-now.js';
import { useSession } from '../../lib/session.js';
import type { AddressChange } from './address-writer.js';
import { UndoContext } from '../../lib/undo-context.js';
import { UndoHistory } from '../../lib/undo-history.js';
import { formatTime } from '../../lib/time.js';
import { widenWindow, windowShowing, type OpeningWindow } from './opening-window.js';
import type { ReviewAddress } from './review-address.js';
import { ReviewControls } from './review-controls.js';
import { ReviewDialogs, type ReviewDialog } from './review-dialogs.js';
import type { MarkResult, Marks } from './marks.js';
import { useReviewKeys } from './review-keys.js';
import { ReviewMessages } from './review-messages.js';
import { ReviewSide } from './review-side.js';
import { ReviewTile } from './review-tile.js';
import classes from './review.module.css';
import { TimelineLegend } from './timeline-legend.js';
import { Timeline } from './timeline.js';
import { useClockState, useEngineState } from './use-clock.js';
import { reviewCommands } from './use-commands.js';
import { useJump } from './use-jump.js';
import { useNotice } from './use-notice.js';
import { useUndo } from '../../lib/use-undo.js';
import { fullStreamRate } from './wait-policy.js';
import { useEngine } from './use-engine.js';
import { playlistUrl, thumbnailUrl } from './use-opening.js';
import { useSidePanel } from './use-side-panel.js';

export interface ReviewSessionProps {
  opening: OpeningResponse;
  address: ReviewAddress;
  cameras: readonly CameraResponse[];
  incident: IncidentResponse | undefined;
  onAddress(change: AddressChange): void;
  onReopen(): void;
  /** Opens another window of the same cameras, for the same reason, before the address names it. */
  onOpenAhead(window: OpeningWindow): Promise<unknown>;
  /** What is shown is the last opening while another one is on its way. */
  isReplacing: boolean;
}

const widenByMs = 30 * 60_000;
/** After a jump the address follows once things are quiet. */
const addressDelayMs = 500;

/** An opened stretch of footage: pictures, clock, controls and timeline of up to four cameras. */
export function ReviewSession(props: ReviewSessionProps) {
  const [history] = useState(() => new UndoHistory());
  return (
    <UndoContext value={history}>
      <SessionView {...props} />
    </UndoContext>
  );
}

function SessionView(props: ReviewSessionProps) {
  const { opening, address, cameras, incident, onAddress } = props;
  const { t } = useTranslation('review');
  const session = useSession();
  const nowMs = useNow();
  const narrow = useMediaQuery('(max-width: 36em)', false, { getInitialValueInEffect: false });
  const side = useSidePanel();
  const [stage, setStage] = useState<HTMLElement | null>(null);
  const fromMs = Date.parse(opening.from);
  const toMs = Date.parse(opening.to);
  const engine = useEngine({ atMs: address.atMs ?? fromMs, fromMs, toMs, rate: address.rate });
  const { clock } = engine;
  const { rate } = useClockState(engine);
  const { leftBehind } = useEngineState(engine);
  const tags = useTags(address.incidentId);
  const holds = useHolds(address.incidentId);
  const [dialog, setDialog] = useState<ReviewDialog>();
  useAddressFollowsClock(engine, address.atMs, props.isReplacing, onAddress);
  const { notice, say } = useNotice();
  const { history, undo, redo } = useUndo(say);
  const player = useRef<HTMLElement>(null);

  const members = useMemo(() => {
    const byId = new Map(cameras.map((camera) => [camera.id, camera]));
    return address.cameraIds.flatMap((id) => {
      const coverage = opening.cameras.find((one) => one.cameraId === id);
      return coverage ? [{ camera: byId.get(id), coverage }] : [];
    });
  }, [cameras, opening, address.cameraIds]);
  const ids = members.map(({ coverage }) => coverage.cameraId);
  const focus = address.focus ?? (narrow && ids.length > 1 ? ids[0] : undefined);
  const shown = narrow && focus !== undefined ? members.filter(({ coverage }) => coverage.cameraId === focus) : members;
  const shownIds = focus === undefined ? ids : [focus, ...ids.filter((id) => id !== focus && !narrow)];
  const keyframesOnly = rate > fullStreamRate && shown.length > 1;
  const nameOf = (id: string) =>
    members.find(({ coverage }) => coverage.cameraId === id)?.camera?.name ?? t('tile.unknownCamera');
  const urlOf = (cameraId: string, content: 'full' | 'keyframes' | 'sound') =>
    playlistUrl(opening.id, cameraId, opening.from, opening.to, content);
  const posterUrl = (cameraId: string, atMs: number, width: number) =>
    thumbnailUrl(opening.id, cameraId, Math.min(Math.max(atMs, fromMs + 999), toMs - 1), width);

  const openDialog = (kind: NonNullable<ReviewDialog>['kind']) => {
    clock.pause();
    setDialog({ kind });
  };
  /** The newest marks may be newer than those that were drawn. */
  const changeMarks = (change: (marks: Marks) => MarkResult): MarkResult => {
    let result: MarkResult | undefined;
    let before: Marks = {};
    onAddress((latest) => {
      before = latest.marks;
      result = change(before);
      return 'marks' in result ? { marks: result.marks } : {};
    });
    if (result === undefined || 'refused' in result) return result ?? { marks: before };
    const after = result.marks;
    const what = t(
      after.inMs !== before.inMs && after.outMs !== before.outMs
        ? 'undo.clearMarks'
        : after.inMs !== before.inMs
          ? 'undo.markIn'
          : 'undo.markOut',
    );
    history.record({
      what,
      undo: () => onAddress({ marks: before }),
      redo: () => onAddress({ marks: after }),
    });
    return result;
  };
  const { jumpTo, openWindow } = useJump({
    clock,
    window: { fromMs, toMs },
    coverages: members.map(({ coverage }) => coverage),
    onOpenAhead: props.onOpenAhead,
    onAddress,
    onNotice: say,
  });
  const mayTag = session.can('tag.edit');
  const mayExtract = session.can('clip.extract');
  const commands = reviewCommands({
    engine,
    shownIds,
    onMarks: (change) => changeMarks(change),
    onRefusal: (refusal) =>
      say(t(`refused.${refusal.code}`, { at: 'otherMs' in refusal ? formatTime(refusal.otherMs, 'tenth') : '' })),
    jump: (atMs) => void jumpTo(atMs),
    undo,
    redo,
    tag: () => mayTag && openDialog('tag'),
    extract: () => mayExtract && openDialog('extract'),
    help: () => openDialog('keys'),
  });
  useReviewKeys(commands);

  const laneTags = useMemo(
    () => (tags.data ?? []).map((tag) => ({ ...tag, fromMs: Date.parse(tag.from), toMs: Date.parse(tag.to) })),
    [tags.data],
  );
  const laneHolds = useMemo(
    () =>
      (holds.data ?? [])
        .filter((hold) => hold.state === 'held' || hold.state === 'pending')
        .flatMap(({ cameraId, ranges }) =>
          ranges.map(({ from, to }) => ({ cameraId, fromMs: Date.parse(from), toMs: Date.parse(to) })),
        ),
    [holds.data],
  );
  const lanes = useMemo(
    () => members.map(({ camera, coverage }) => ({ name: camera?.name ?? '', coverage })),
    [members],
  );
  const hints = useMemo(() => ({ areaId: incident?.areaId, place: incident?.place }), [incident]);

  return (
    <section
      ref={player}
      // Takes the focus from a field that was left; not a stop of the Tab key, so no ring around everything.
      tabIndex={-1}
      style={{ outline: 'none' }}
      className={classes.session}
      aria-label={t('player')}
      data-fits-screen
    >
      <div className={classes.stage} ref={setStage} data-testid="review-stage">
        {narrow && ids.length > 1 && (
          <div className={classes.switcher} role="group" aria-label={t('side.cameras')}>
            {ids.map((id) => (
              <button
                key={id}
                type="button"
                className={classes.button}
                aria-pressed={id === focus}
                onClick={() => onAddress({ focus: id })}
              >
                {nameOf(id)}
              </button>
            ))}
          </div>
        )}
        <div
          className={classes.grid}
          data-focused={(focus !== undefined && shown.length > 1) || undefined}
          data-count={shown.length}
        >
          {shown.map(({ camera, coverage }) => (
            <ReviewTile
              key={coverage.cameraId}
              engine={engine}
              camera={camera}
              coverage={coverage}
              url={urlOf(coverage.cameraId, 'full')}
              keyframesUrl={urlOf(coverage.cameraId, 'keyframes')}
              keyframesOnly={keyframesOnly}
              soundUrl={
                camera?.audio === true && (shown.length === 1 || focus === coverage.cameraId)
                  ? urlOf(coverage.cameraId, 'sound')
                  : undefined
              }
              posterUrl={(atMs) => posterUrl(coverage.cameraId, atMs, 640)}
              windowFromMs={fromMs}
              windowToMs={toMs}
              focused={focus === coverage.cameraId}
              onToggleFocus={
                shown.length > 1
                  ? () => onAddress({ focus: focus === coverage.cameraId ? undefined : coverage.cameraId })
                  : undefined
              }
              leftBehind={leftBehind.includes(coverage.cameraId)}
              onReopen={props.onReopen}
            />
          ))}
        </div>
        <ReviewMessages
          engine={engine}
          coverages={shown.map(({ coverage }) => coverage)}
          nameOf={nameOf}
          keyframesOnly={keyframesOnly}
          notice={notice}
        />
      </div>
      {(narrow || side.opened) && (
        <ReviewSide
          incident={incident}
          cameraNames={ids.map(nameOf)}
          onChooseCameras={() => openDialog('cameras')}
          onGoToTag={(tag) => {
            clock.pause();
            if (ids.includes(tag.cameraId)) void jumpTo(Date.parse(tag.from));
            else {
              const cameraIds = [...address.cameraIds.slice(0, 3), tag.cameraId];
              const atMs = Date.parse(tag.from);
              onAddress({ cameraIds, atMs, window: windowShowing({ fromMs, toMs }, atMs, nowMs) });
            }
          }}
        />
      )}
      <div className={classes.dock} data-testid="review-dock">
        <ReviewControls
          engine={engine}
          commands={commands}
          marks={address.marks}
          onClearMarks={() => changeMarks(() => ({ marks: {} }))}
          onJump={jumpTo}
          onJumpLeft={(complaint) => {
            player.current?.focus({ preventScroll: true });
            if (complaint !== undefined) say(complaint);
          }}
          openedWindow={{ fromMs, toMs }}
          history={history}
          onRate={(next) => {
            clock.setRate(next);
            onAddress({ rate: next });
          }}
          mayTag={mayTag}
          mayExtract={mayExtract}
        />
        <Timeline
          engine={engine}
          lanes={lanes}
          tags={laneTags}
          holds={laneHolds}
          marks={address.marks}
          fromMs={fromMs}
          toMs={toMs}
          posterUrl={(cameraId, atMs) => posterUrl(cameraId, atMs, 320)}
          onWiden={(side) => void openWindow(widenWindow({ fromMs, toMs }, side, widenByMs, nowMs))}
          canWidenAfter={toMs < nowMs - 1000}
          stage={stage}
          onHelp={commands.help}
        />
        <TimelineLegend />
      </div>
      <ReviewDialogs
        dialog={dialog}
        onDialog={setDialog}
        incidentId={address.incidentId}
        onIncident={(incidentId) => onAddress({ incidentId })}
        cameras={members}
        focusedId={focus}
        marks={address.marks}
        atMs={clock.at}
        fromMs={fromMs}
        toMs={toMs}
        cameraIds={address.cameraIds}
        onCameras={(cameraIds) => onAddress({ cameraIds, atMs: clock.at() })}
        hints={hints}
        onExtracting={() => side.setOpened(true)}
      />
    </section>
  );
}

/** The address carries the instant: written once the clock stands or has jumped, read when the address itself changes. */
function useAddressFollowsClock(
  engine: ReturnType<typeof useEngine>,
  addressMs: number | undefined,
  isReplacing: boolean,
  onAddress: ReviewSessionProps['onAddress'],
): void {
  const { clock } = engine;
  const written = useRef(addressMs);
  const write = useRef(onAddress);
  const isPending = useRef(false);
  useEffect(() => {
    write.current = onAddress;
    // The address names an instant that the clock may not be set to before its window is open.
    isPending.current = isReplacing;
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = clock.subscribe(() => {
      clearTimeout(timer);
      if (clock.snapshot().waiting) return;
      timer = setTimeout(() => {
        // Rounded up, for the instant may be the very start of a picture.
        const atMs = Math.ceil(clock.at() - 0.001);
        if (isPending.current || clock.snapshot().playing || written.current === atMs) return;
        written.current = atMs;
        write.current({ atMs });
      }, addressDelayMs);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [clock]);
  useEffect(() => {
    if (isReplacing || addressMs === undefined || addressMs === written.current) return;
    written.current = addressMs;
    clock.seek(addressMs);
  }, [clock, addressMs, isReplacing]);
}
