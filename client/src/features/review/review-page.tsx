import type { OpeningRequest } from '@choi-canh/shared/footage';
import { Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { useReviewableCameras } from '../../lib/cameras.js';
import { useIncident, useIncidentEvents } from '../../lib/cases.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { useSession } from '../../lib/session.js';
import { formatDateTime, formatTime } from '../../lib/time.js';
import { useUrlState } from '../../lib/url-state.js';
import { createAddressWriter, type AddressChange } from './address-writer.js';
import { IncidentLine } from './incident-line.js';
import { keepPurpose, purposeOf } from './kept-purpose.js';
import { defaultWindow } from './opening-window.js';
import { readReviewAddress, reviewAddressKeys, writeReviewAddress, type ReviewAddress } from './review-address.js';
import { ReviewHeader } from './review-header.js';
import { ReviewSession } from './review-session.js';
import { ReviewSetup } from './review-setup.js';
import classes from './review.module.css';
import { useAwayRecorders, useOpenAhead, useOpening } from './use-opening.js';

/** Past footage of up to four cameras on one clock: look, mark, tag, extract. */
export function ReviewPage() {
  const { t } = useTranslation('review');
  const { search, change } = useUrlState();
  const address = useMemo(() => readReviewAddress(search), [search]);
  const accountId = useSession().account?.id ?? '';
  const [purpose, setPurpose] = useState(() =>
    address.incidentId === undefined ? purposeOf({ accountId, cameraIds: address.cameraIds }) : undefined,
  );
  const [choosing, setChoosing] = useState(false);
  const incident = useIncident(address.incidentId);
  const cameras = useReviewableCameras();
  useIncidentEvents();

  const [writer] = useState(() => createAddressWriter(address));
  useEffect(() => writer.seen(address), [writer, address]);
  const write = useCallback(
    (next: AddressChange, push = false) => {
      const params = writeReviewAddress(writer.change(next));
      change(Object.fromEntries(reviewAddressKeys.map((key) => [key, params.get(key) ?? undefined])), { push });
    },
    [writer, change],
  );

  // A link may name only cameras and an instant: the stretch around it is added, so that it stays the same.
  const { atMs, window } = address;
  useEffect(() => {
    if (atMs !== undefined && window === undefined) write({ window: defaultWindow(atMs, serverNowMs()) });
  }, [atMs, window, write]);

  const cameraKey = address.cameraIds.join();
  useEffect(() => {
    if (purpose !== undefined) keepPurpose({ accountId, cameraIds: cameraKey.split(','), purpose });
  }, [accountId, purpose, cameraKey]);

  const request = choosing ? undefined : openingRequest(address, purpose);
  const opening = useOpening(request);
  useAwayRecorders(request, opening.isPlaceholderData ? undefined : opening.data);
  const openAhead = useOpenAhead();

  const narrow = useMediaQuery('(max-width: 36em)', false, { getInitialValueInEffect: false });
  const description =
    incident.data && request ? (
      <IncidentLine incident={incident.data} />
    ) : purpose !== undefined && request ? (
      t('purposeLine', { purpose })
    ) : (
      t('intro')
    );

  return (
    <>
      <ReviewHeader
        description={description}
        incidentNumber={incident.data?.number}
        opened={request !== undefined}
        fitted={!narrow && !(opening.isError && opening.data === undefined)}
        onChooseAgain={() => setChoosing(true)}
      />
      {request === undefined ? (
        <ReviewSetup
          key={address.incidentId ?? ''}
          address={address}
          startPurpose={purpose ?? ''}
          onOpen={(choice) => {
            setChoosing(false);
            setPurpose(choice.purpose);
            const fresh = { cameraIds: choice.cameraIds, marks: {}, focus: undefined };
            write({ ...fresh, atMs: choice.atMs, window: defaultWindow(choice.atMs, serverNowMs()) }, true);
          }}
        />
      ) : opening.isError && opening.data === undefined ? (
        <Stack maw={720}>
          <ErrorPanel title={t('openFailed')} error={opening.error} onRetry={() => void opening.refetch()} />
          <Group>
            <Button variant="default" onClick={() => setChoosing(true)}>
              {t('chooseAgain')}
            </Button>
          </Group>
        </Stack>
      ) : opening.data ? (
        <ReviewSession
          opening={opening.data}
          address={address}
          cameras={cameras.data?.items ?? []}
          incident={incident.data}
          onAddress={write}
          onReopen={() => void opening.refetch()}
          onOpenAhead={async (ahead) => {
            const next = openingRequest({ ...address, window: ahead }, purpose);
            if (next !== undefined) await openAhead(next);
          }}
          isReplacing={opening.isPlaceholderData}
        />
      ) : (
        <Opening request={request} />
      )}
    </>
  );
}

/** The footage goes on being open for what it was opened for, also when an incident is found later. */
function openingRequest(address: ReviewAddress, purpose: string | undefined): OpeningRequest | undefined {
  const { cameraIds, atMs, window, incidentId } = address;
  const reason = purpose !== undefined ? { purpose } : incidentId === undefined ? undefined : { incidentId };
  if (cameraIds.length === 0 || atMs === undefined || window === undefined || reason === undefined) return undefined;
  const range = { from: new Date(window.fromMs).toISOString(), to: new Date(window.toMs).toISOString() };
  return { cameraIds, ...range, ...reason };
}

function Opening({ request }: { request: OpeningRequest }) {
  const { t } = useTranslation('review');
  return (
    <div className={classes.session} data-fits-screen aria-busy="true">
      <div className={classes.stage}>
        <Skeleton height="100%" mih={200} radius="md" />
        <div className={classes.messages}>
          <Text className={classes.message} role="status">
            {t('opening', {
              count: request.cameraIds.length,
              from: formatDateTime(request.from, 'minute'),
              to: formatTime(request.to, 'minute'),
            })}
          </Text>
        </div>
      </div>
      <div className={classes.dock}>
        <Skeleton height={44} radius="md" />
        <Skeleton height={98} radius="md" />
      </div>
    </div>
  );
}
