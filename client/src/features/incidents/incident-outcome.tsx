import type { TagResponse } from '@choi-canh/shared/evidence';
import { incidentStates, type IncidentResponse, type IncidentState } from '@choi-canh/shared/incidents';
import { Alert, Button, Group, Select, Stack, Text, Textarea, Title } from '@mantine/core';
import { IconVideo, IconVideoOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { Instant } from '../../components/instant.js';
import { notifyDone } from '../../lib/notify.js';
import { useSession } from '../../lib/session.js';
import { ConflictPanel } from './conflict-panel.js';
import classes from './incidents.module.css';
import { useIncidentPatch } from './use-incident-patch.js';

export function needsOutcome(state: IncidentState): boolean {
  return state === 'resolved' || state === 'unresolved' || state === 'unfounded';
}

/** How it ended, and whether it counts as resolved by footage: never typed, always explained. */
export function IncidentOutcome({ incident, tags }: { incident: IncidentResponse; tags: readonly TagResponse[] }) {
  const { t } = useTranslation('incidents');
  const session = useSession();
  const decisive = tags.filter((tag) => tag.decisive).length;
  return (
    <section className={classes.panel}>
      <Title order={2} fz="lg" mb="sm">
        {t('outcome.title')}
      </Title>
      <Stack>
        <Alert
          color={incident.resolvedByFootage ? 'teal' : 'gray'}
          variant="light"
          icon={incident.resolvedByFootage ? <IconVideo /> : <IconVideoOff />}
          title={t(incident.resolvedByFootage ? 'outcome.footageYesTitle' : 'outcome.footageNoTitle')}
          data-testid="footage-verdict"
          data-by-footage={incident.resolvedByFootage}
        >
          <Text>
            {incident.resolvedByFootage
              ? t('outcome.footageYes', { count: decisive })
              : incident.state !== 'resolved'
                ? t('outcome.footageNotResolved')
                : t('outcome.footageNoDecisive')}
          </Text>
        </Alert>
        {session.can('incident.edit') ? (
          <OutcomeForm incident={incident} />
        ) : (
          <Text style={{ whiteSpace: 'pre-line' }}>
            {incident.outcome === '' ? t('outcome.none') : incident.outcome}
          </Text>
        )}
        {incident.closedAt !== null && (
          <Text c="dimmed">
            {t('page.closedAt')} <Instant at={incident.closedAt} />
          </Text>
        )}
      </Stack>
    </section>
  );
}

function OutcomeForm({ incident }: { incident: IncidentResponse }) {
  const { t } = useTranslation('incidents');
  const patch = useIncidentPatch(incident);
  // Undefined: not touched, follows the incident.
  const [draft, setDraft] = useState<{ state?: IncidentState; outcome?: string }>({});
  const [missing, setMissing] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const state = draft.state ?? incident.state;
  const outcome = draft.outcome ?? incident.outcome;
  const edit = (change: typeof draft) => {
    if (Object.keys(draft).length === 0) patch.accept();
    setDraft({ ...draft, ...change });
  };
  const changed = state !== incident.state || outcome !== incident.outcome;

  const save = async (overwrite = false) => {
    if (needsOutcome(state) && outcome.trim() === '') {
      setMissing(true);
      return;
    }
    setBusy(true);
    setError(undefined);
    try {
      if (await patch.save({ state, outcome: outcome.trim() }, overwrite)) {
        setDraft({});
        notifyDone(t('page.saved'));
      }
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Stack>
        <Select
          size="lg"
          label={t('outcome.state')}
          data={incidentStates
            .filter((one) => one !== 'new' || incident.state === 'new')
            .map((one) => ({ value: one, label: t(`states.${one}`) }))}
          value={state}
          onChange={(value) => {
            const next = incidentStates.find((one) => one === value);
            if (next !== undefined) edit({ state: next });
          }}
          allowDeselect={false}
          data-testid="outcome-state"
        />
        <Textarea
          size="lg"
          label={t('outcome.text')}
          description={t('outcome.textHint')}
          value={outcome}
          onChange={(event) => {
            edit({ outcome: event.currentTarget.value });
            setMissing(false);
          }}
          error={missing ? t('outcome.needText') : undefined}
          autosize
          minRows={3}
          maxLength={5000}
          data-testid="outcome-text"
        />
        {patch.conflict && (
          <ConflictPanel
            onMine={() => void save(true)}
            onTheirs={() => {
              patch.accept();
              setDraft({});
            }}
          />
        )}
        {error !== undefined && <ErrorPanel error={error} />}
        <Group justify="flex-end">
          <Button type="submit" h={48} loading={busy} disabled={!changed} data-testid="outcome-save">
            {t('outcome.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
