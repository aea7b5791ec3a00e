import type { TagResponse } from '@choi-canh/shared/evidence';
import { incidentStates, type IncidentResponse, type IncidentState } from '@choi-canh/shared/incidents';
import { Alert, Stack, Text, Textarea, Title } from '@mantine/core';
import { IconVideo, IconVideoOff } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { SearchSelect } from '../../components/form/search-select.js';
import { useAppForm, type AppForm as AppFormState } from '../../components/form/use-app-form.js';
import { Instant } from '../../components/instant.js';
import { notifyDone } from '../../lib/notify.js';
import { useSession } from '../../lib/session.js';
import { ConflictPanel } from '../../components/conflict-panel.js';
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

interface OutcomeDraft {
  state: IncidentState;
  outcome: string;
}

function OutcomeForm({ incident }: { incident: IncidentResponse }) {
  const { t } = useTranslation('incidents');
  const patch = useIncidentPatch(incident);
  const saved: OutcomeDraft = { state: incident.state, outcome: incident.outcome };
  const form = useAppForm<OutcomeDraft>({
    initial: saved,
    most: { outcome: 5000 },
    draft: { name: 'outcome', fields: ['state', 'outcome'] },
    validate: {
      outcome: (text, { state }) => (needsOutcome(state) && text.trim() === '' ? t('outcome.needText') : undefined),
    },
    serverFields: { outcome_required: 'outcome', state_not_allowed: 'state' },
  });
  useFollowIncident(form, saved);

  const save = async (draft: OutcomeDraft, overwrite: boolean) => {
    const done = await patch.save({ state: draft.state, outcome: draft.outcome.trim() }, overwrite);
    if (done) notifyDone(t('page.saved'));
    return done;
  };
  const edit = (change: Partial<OutcomeDraft>) => {
    if (!form.dirty) patch.accept();
    form.set(change);
  };

  return (
    <AppForm
      form={form}
      onSubmit={(draft) => save(draft, false)}
      actions={<FormActions submitLabel={t('outcome.save')} disabled={!form.dirty} testId="outcome-save" />}
    >
      <SearchSelect
        {...form.field('state')}
        size="lg"
        label={t('outcome.state')}
        data={incidentStates
          .filter((one) => one !== 'new' || incident.state === 'new')
          .map((one) => ({ value: one, label: t(`states.${one}`) }))}
        onChange={(state) => edit({ state })}
        data-testid="outcome-state"
      />
      <Textarea
        {...form.text('outcome')}
        size="lg"
        label={t('outcome.text')}
        description={t('outcome.textHint')}
        onChange={(event) => edit({ outcome: event.currentTarget.value })}
        autosize
        minRows={3}
        maxRows={14}
        data-testid="outcome-text"
      />
      {patch.conflict && (
        <ConflictPanel
          title={t('conflict.title')}
          onMine={() => form.submit((draft) => save(draft, true))()}
          onTheirs={() => {
            patch.accept();
            form.reset(saved);
          }}
        />
      )}
    </AppForm>
  );
}

/** A field that was not touched shows what a colleague has saved meanwhile; one that was keeps what was typed. */
function useFollowIncident(form: AppFormState<OutcomeDraft>, saved: OutcomeDraft): void {
  const before = useRef(saved);
  const { state, outcome } = saved;
  useEffect(() => {
    const old = before.current;
    if (old.state === state && old.outcome === outcome) return;
    before.current = { state, outcome };
    const { values } = form;
    form.reset(
      {
        state: values.state === old.state ? state : values.state,
        outcome: values.outcome === old.outcome ? outcome : values.outcome,
      },
      { state, outcome },
    );
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only when the incident changes
  }, [state, outcome]);
}
