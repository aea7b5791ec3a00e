import { areaLevels, areaResponse, type AreaLevel, type AreaResponse } from '@choi-canh/shared/areas';
import { Button, Group, Modal, Select, Stack, Switch, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AreaSelect } from '../../components/area-select.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { RetentionField, chosenDays } from '../../components/retention-field.js';
import { api } from '../../lib/api.js';
import { areasKey, subtreeIds, useAreas, type AreaTree } from '../../lib/areas.js';
import { invalidateCameras } from '../../lib/cameras.js';
import { fieldErrors } from '../../lib/error-text.js';
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
    <Modal
      opened={target !== undefined}
      onClose={onClose}
      title={target?.kind === 'edit' ? t('areas.editTitle', { area: target.area.name }) : t('areas.createTitle')}
    >
      {target !== undefined && <AreaForm target={target} tree={tree} onClose={onClose} />}
    </Modal>
  );
}

/** What usually lies below an area of each level. */
const below: Record<AreaLevel, AreaLevel> = {
  province: 'commune',
  district: 'commune',
  city: 'ward',
  commune: 'other',
  ward: 'other',
  town: 'other',
  other: 'other',
};

function AreaForm({ target, tree, onClose }: { target: AreaDialogTarget; tree: AreaTree; onClose: () => void }) {
  const { t } = useTranslation('administration');
  const client = useQueryClient();
  const area = target.kind === 'edit' ? target.area : undefined;
  const initialParent = target.kind === 'edit' ? target.area.parentId : target.parentId;
  const parentLevel = initialParent === null ? undefined : tree.byId.get(initialParent)?.area.level;
  const [form, setForm] = useState({
    name: area?.name ?? '',
    level: area?.level ?? (parentLevel === undefined ? ('province' as AreaLevel) : below[parentLevel]),
    code: area?.code ?? '',
    parentId: initialParent,
  });
  const { data: areas } = useAreas();
  const parent = form.parentId === null ? undefined : tree.byId.get(form.parentId)?.area;
  const inheritedDays =
    parent?.effectiveRetentionDays ??
    (form.parentId === null ? areas?.defaultRetentionDays : area?.inheritedRetentionDays) ??
    area?.inheritedRetentionDays;
  const [retention, setRetention] = useState({
    own: area !== undefined && area.retentionDays !== null,
    days: (area?.retentionDays ?? inheritedDays ?? 30) as number | string,
  });
  const retentionDays = chosenDays(retention);
  const days = retentionDays === null ? inheritedDays : retentionDays;
  const inheritKey = form.parentId === null ? 'inheritDefault' : parent === undefined ? 'inheritAbove' : 'inheritOf';
  const [checked, setChecked] = useState(false);
  const save = useMutation({
    mutationFn: () => {
      const body = {
        name: form.name.trim(),
        level: form.level,
        parentId: form.parentId,
        retentionDays: retentionDays ?? null,
        ...(form.code.trim() === '' ? {} : { code: form.code.trim() }),
      };
      return area === undefined
        ? api.post('/api/areas', { schema: areaResponse, body })
        : api.patch(`/api/areas/${area.id}`, { schema: areaResponse, body });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: areasKey });
      invalidateCameras(client);
      void client.invalidateQueries({ queryKey: ['recorder-retention'] });
      notifyDone(t('common:saved'));
      onClose();
    },
  });
  const fields = fieldErrors(save.error);

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setChecked(true);
        if (form.name.trim() !== '' && retentionDays !== undefined) save.mutate();
      }}
    >
      <Stack>
        <TextInput
          label={t('areas.name')}
          value={form.name}
          onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
          error={fields['name'] ?? (checked && form.name.trim() === '' ? t('errors:fields.name') : undefined)}
          maxLength={120}
          required
          data-autofocus
        />
        <Select
          label={t('areas.level')}
          data={areaLevels.map((level) => ({ value: level, label: t(`common:areaLevels.${level}`) }))}
          value={form.level}
          onChange={(value) => setForm({ ...form, level: areaLevels.find((level) => level === value) ?? form.level })}
          allowDeselect={false}
          error={fields['level']}
        />
        <TextInput
          label={t('areas.code')}
          description={t('areas.codeHint')}
          value={form.code}
          onChange={(event) => setForm({ ...form, code: event.currentTarget.value })}
          error={fields['code']}
          maxLength={12}
        />
        <Switch
          label={t('areas.isRoot')}
          checked={form.parentId === null}
          onChange={(event) =>
            setForm({ ...form, parentId: event.currentTarget.checked ? null : (tree.flat[0]?.area.id ?? null) })
          }
        />
        {form.parentId !== null && (
          <AreaSelect
            label={t('areas.parent')}
            value={form.parentId}
            onChange={(parentId) => parentId !== undefined && setForm({ ...form, parentId })}
            exclude={subtreeIds(tree, area?.id) ?? new Set()}
            error={fields['parentId']}
          />
        )}
        <RetentionField
          inheritLabel={t(`common:retention.${inheritKey}`, { area: parent?.name, days: inheritedDays })}
          choice={retention}
          onChange={setRetention}
          error={fields['retentionDays']}
        />
        {area !== undefined && days !== undefined && <AreaForecast areaId={area.id} tree={tree} days={days} />}
        {save.isError && <ErrorPanel error={save.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common:actions.cancel')}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t('common:actions.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
