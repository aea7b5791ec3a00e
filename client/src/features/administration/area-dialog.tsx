import { areaResponse, noAreaLevel, type AreaLevel, type AreaResponse } from '@choi-canh/shared/areas';
import { Switch, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { AreaSelect } from '../../components/area-select.js';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { FormDialog } from '../../components/form/form-dialog.js';
import { SearchSelect } from '../../components/form/search-select.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { RetentionField, chosenDays, retentionChoice, type RetentionChoice } from '../../components/retention-field.js';
import { api } from '../../lib/api.js';
import { areasKey, subtreeIds, useAreas, type AreaTree } from '../../lib/areas.js';
import { invalidateCameras } from '../../lib/camera-cache.js';
import { useNames } from '../../lib/names.js';
import { changedFields } from '../../lib/changed-since.js';
import { notifyDone } from '../../lib/notify.js';
import { AreaForecast } from './area-forecast.js';

export type AreaDialogTarget = { kind: 'create'; parentId: string | null } | { kind: 'edit'; area: AreaResponse };

export function AreaDialog({
  target,
  tree,
  onClose,
}: {
  target: AreaDialogTarget | undefined;
  tree: AreaTree;
  onClose: () => void;
}) {
  const { t } = useTranslation('administration');
  return (
    <FormDialog
      opened={target !== undefined}
      onClose={onClose}
      title={target?.kind === 'edit' ? t('areas.editTitle', { area: target.area.name }) : t('areas.createTitle')}
    >
      {target !== undefined && <AreaForm target={target} tree={tree} onClose={onClose} />}
    </FormDialog>
  );
}

/** What usually lies below an area of each level that the product begins with. */
const below: Readonly<Record<string, string>> = {
  province: 'commune',
  central_city: 'ward',
  district: 'commune',
  city: 'ward',
  commune: 'village',
  special_zone: 'residential_group',
  ward: 'residential_group',
  town: 'residential_group',
};

interface AreaDraft {
  name: string;
  level: AreaLevel;
  code: string;
  parentId: string | null;
  retentionDays: RetentionChoice;
}

function AreaForm({ target, tree, onClose }: { target: AreaDialogTarget; tree: AreaTree; onClose: () => void }) {
  const { t } = useTranslation('administration');
  const client = useQueryClient();
  const { levelChoices } = useNames();
  const { data: areas } = useAreas();
  const area = target.kind === 'edit' ? target.area : undefined;
  const initialParent = target.kind === 'edit' ? target.area.parentId : target.parentId;
  const parentLevel = initialParent === null ? undefined : tree.byId.get(initialParent)?.area.level;
  /** What an area below this one (null: of no other) keeps if it says nothing itself. */
  const inheritedFrom = (parentId: string | null) =>
    (parentId === null ? undefined : tree.byId.get(parentId)?.area.effectiveRetentionDays) ??
    (parentId === null ? areas?.defaultRetentionDays : area?.inheritedRetentionDays) ??
    area?.inheritedRetentionDays;
  const form = useAppForm<AreaDraft>({
    initial: {
      name: area?.name ?? '',
      level: area?.level ?? (parentLevel === undefined ? 'province' : (below[parentLevel] ?? noAreaLevel)),
      code: area?.code ?? '',
      parentId: initialParent,
      retentionDays: retentionChoice(area?.retentionDays ?? null, inheritedFrom(initialParent) ?? 30),
    },
    most: { name: 120, code: 12 },
    draft: { name: `area ${area?.id ?? ''}`, fields: ['name', 'level', 'code', 'parentId'] },
    validate: {
      name: (text) => (text.trim() === '' ? t('errors:fields.name') : undefined),
      retentionDays: ({ kind }) => (kind === 'wrong' ? t('common:retention.wrong') : undefined),
    },
    serverFields: { area_code_taken: 'code', area_cycle: 'parentId' },
  });
  const { parentId, retentionDays } = form.values;
  const parent = parentId === null ? undefined : tree.byId.get(parentId)?.area;
  const inheritedDays = inheritedFrom(parentId);
  const chosen = chosenDays(retentionDays);
  const days = chosen === null ? inheritedDays : chosen;
  const inheritKey = parentId === null ? 'inheritDefault' : parent === undefined ? 'inheritAbove' : 'inheritOf';

  return (
    <AppForm
      form={form}
      onSubmit={async (draft) => {
        const body = {
          name: draft.name.trim(),
          level: draft.level,
          parentId: draft.parentId,
          retentionDays: chosenDays(draft.retentionDays),
          ...(draft.code.trim() === '' ? {} : { code: draft.code.trim() }),
        };
        // Of what is as it was nothing is sent: it may have been changed elsewhere meanwhile.
        await (area === undefined
          ? api.post('/api/areas', { schema: areaResponse, body })
          : api.patch(`/api/areas/${area.id}`, {
              schema: areaResponse,
              body: changedFields<Partial<AreaResponse>>(area, body),
            }));
        await client.invalidateQueries({ queryKey: areasKey });
        invalidateCameras(client);
        void client.invalidateQueries({ queryKey: ['recorder-retention'] });
        notifyDone(t('common:saved'));
        onClose();
      }}
      actions={<FormActions submitLabel={t('areas.save')} />}
    >
      <TextInput {...form.text('name')} label={t('areas.name')} required data-autofocus />
      <SearchSelect {...form.field('level')} label={t('areas.level')} data={levelChoices(area?.level)} />
      <TextInput {...form.text('code')} label={t('areas.code')} description={t('areas.codeHint')} />
      <Switch
        label={t('areas.isRoot')}
        checked={parentId === null}
        onChange={(event) =>
          form.set({ parentId: event.currentTarget.checked ? null : (tree.flat[0]?.area.id ?? null) })
        }
      />
      {parentId !== null && (
        <AreaSelect
          {...form.field('parentId')}
          label={t('areas.parent')}
          value={parentId}
          onChange={(next) => next !== undefined && form.set({ parentId: next })}
          exclude={subtreeIds(tree, area?.id) ?? new Set()}
        />
      )}
      <RetentionField
        {...form.field('retentionDays')}
        inheritLabel={t(`common:retention.${inheritKey}`, { area: parent?.name, days: inheritedDays })}
      />
      {area !== undefined && days !== undefined && <AreaForecast areaId={area.id} tree={tree} days={days} />}
    </AppForm>
  );
}
