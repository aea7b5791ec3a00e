import { mostNames, type NamedEntry } from '@choi-canh/shared/names';
import { ActionIcon, Button, Checkbox, Stack, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { ConflictPanel } from '../../components/conflict-panel.js';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { tooLongBy } from '../../components/form/too-long.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import classes from './names.module.css';
import { useSaveNames } from './use-save-names.js';

/** As the server takes them. */
const mostNameChars = 80;

type Kind = 'roles' | 'areaLevels' | 'categories';
const paths: Record<Kind, string> = { roles: 'roles', areaLevels: 'area-levels', categories: 'categories' };

/** `key` stays with a row while it is moved; a new one has no code yet. */
interface Row extends Omit<NamedEntry, 'code'> {
  key: string;
  code: string | null;
}
const rowsOf = (items: readonly NamedEntry[]): Row[] => items.map((item) => ({ ...item, key: item.code }));

/** One list of names. Roles are as many as the product has; levels and categories are added, moved and marked as old. */
export function NameListForm({ kind, items }: { kind: Kind; items: readonly NamedEntry[] }) {
  const { t, i18n } = useTranslation('administration');
  const names = useSaveNames(items, (all) => all[kind]);
  const fixed = kind === 'roles';
  const complaintOf = (text: string) =>
    text.trim() === '' ? t('names.needName') : tooLongBy(t, i18n.language, text, mostNameChars);
  const form = useAppForm({
    initial: { rows: rowsOf(items) },
    validate: {
      rows: (rows) =>
        rows.flatMap(({ vi, en }) => [complaintOf(vi) ?? complaintOf(en)]).find((sentence) => sentence !== undefined),
    },
    draft: { name: `names ${kind}`, fields: ['rows'] },
  });
  const save = async (given: readonly Row[], overwrite: boolean) => {
    const body = { items: given.map(({ code, vi, en, retired }) => ({ code, vi, en, ...(fixed ? {} : { retired }) })) };
    const saved = await names.save(paths[kind], body, overwrite);
    if (saved === undefined) return false;
    form.reset({ rows: rowsOf(saved[kind]) });
    return true;
  };
  const { rows } = form.values;
  const put = (next: Row[]) => form.set({ rows: next });
  const edit = (key: string, change: Partial<Row>) =>
    put(rows.map((row) => (row.key === key ? { ...row, ...change } : row)));
  const move = (index: number, by: 1 | -1) => {
    const next = [...rows];
    const [row] = next.splice(index, 1);
    if (row !== undefined) next.splice(index + by, 0, row);
    put(next);
  };
  const checked = form.field('rows').error !== undefined;
  const complaint = (text: string) => (checked ? complaintOf(text) : tooLongBy(t, i18n.language, text, mostNameChars));

  return (
    <AppForm
      form={form}
      testId={`names-${kind}`}
      onSubmit={({ rows: given }) => save(given, false)}
      actions={
        <FormActions submitLabel={t('names.save')} testId="names-save">
          {!fixed && (
            <Button
              variant="default"
              leftSection={<IconPlus size={20} />}
              disabled={rows.length >= mostNames}
              onClick={() => put([...rows, { key: crypto.randomUUID(), code: null, vi: '', en: '', retired: false }])}
            >
              {t(`names.add.${kind}`)}
            </Button>
          )}
        </FormActions>
      }
    >
      <Stack gap="sm" data-path="rows">
        {rows.map((row, index) => {
          // An emptied name still says which one it was.
          const name = row.vi.trim() || items.find(({ code }) => code === row.code)?.vi || t('names.newEntry');
          return (
            <div key={row.key} className={classes.row} data-fixed={fixed} role="group" aria-label={name}>
              <TextInput
                label={t('names.vi')}
                value={row.vi}
                onChange={(event) => edit(row.key, { vi: event.currentTarget.value })}
                placeholder={items.find(({ code }) => code === row.code)?.vi}
                error={complaint(row.vi)}
                data-testid={`name-vi-${row.key}`}
              />
              <TextInput
                label={t('names.en')}
                value={row.en}
                onChange={(event) => edit(row.key, { en: event.currentTarget.value })}
                placeholder={items.find(({ code }) => code === row.code)?.en}
                error={complaint(row.en)}
                lang="en"
              />
              {kind !== 'roles' && (
                <>
                  <Checkbox
                    className={classes.retired ?? ''}
                    label={t(`names.retired.${kind}`)}
                    checked={row.retired}
                    onChange={(event) => edit(row.key, { retired: event.currentTarget.checked })}
                  />
                  <div className={classes.tools}>
                    <ActionIcon
                      variant="default"
                      aria-label={t('names.up', { name })}
                      disabled={index === 0}
                      onClick={() => move(index, -1)}
                    >
                      <IconArrowUp size={20} />
                    </ActionIcon>
                    <ActionIcon
                      variant="default"
                      aria-label={t('names.down', { name })}
                      disabled={index === rows.length - 1}
                      onClick={() => move(index, 1)}
                    >
                      <IconArrowDown size={20} />
                    </ActionIcon>
                    <ActionIcon
                      variant="default"
                      aria-label={t('names.delete', { name })}
                      disabled={rows.length === 1}
                      onClick={() => put(rows.filter((one) => one.key !== row.key))}
                    >
                      <IconTrash size={20} />
                    </ActionIcon>
                  </div>
                </>
              )}
            </div>
          );
        })}
      </Stack>
      {names.conflict !== undefined && (
        <ConflictPanel
          title={t('names.changedMeanwhile')}
          onMine={() => form.submit(({ rows: given }) => save(given, true))()}
          onTheirs={() => {
            if (names.conflict !== undefined) form.reset({ rows: rowsOf(names.conflict[kind]) });
            names.accept();
          }}
        />
      )}
    </AppForm>
  );
}
