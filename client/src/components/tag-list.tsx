import type { TagResponse } from '@choi-canh/shared/evidence';
import { ActionIcon, Group, Menu, Stack, Text, Textarea, Tooltip, UnstyledButton } from '@mantine/core';
import { IconDotsVertical, IconPencil, IconPlayerPlay, IconStar, IconStarFilled, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCaseActions } from '../lib/cases.js';
import { notifyError } from '../lib/notify.js';
import { useSession } from '../lib/session.js';
import { formatDate, formatRange, formatTime } from '../lib/time.js';
import { ConfirmWithReason } from './confirm-with-reason.js';
import { AppForm } from './form/app-form.js';
import { FormActions } from './form/form-actions.js';
import { FoldedText } from './folded-text.js';
import { FormDialog } from './form/form-dialog.js';
import { useAppForm } from './form/use-app-form.js';

const isOneDay = (tag: Pick<TagResponse, 'from' | 'to'>) => formatDate(tag.from) === formatDate(tag.to);

/** Tags of an incident: go there, mark as decisive, change the note, take away. */
export function TagList({ tags, onGo }: { tags: readonly TagResponse[]; onGo(tag: TagResponse): void }) {
  const { t } = useTranslation('incidents');
  const session = useSession();
  const actions = useCaseActions();
  const [editing, setEditing] = useState<TagResponse>();
  const [deleting, setDeleting] = useState<TagResponse>();
  const mayEdit = session.can('tag.edit');
  return (
    <Stack gap={2}>
      {tags.map((tag) => (
        <Group key={tag.id} wrap="nowrap" gap={2} align="flex-start" data-testid={`tag-${tag.id}`}>
          <Tooltip label={tag.decisive ? t('tags.decisive') : t('tags.notDecisive')}>
            <ActionIcon
              aria-label={t('tags.decisiveToggle')}
              aria-pressed={tag.decisive}
              disabled={!mayEdit}
              color={tag.decisive ? 'yellow.8' : 'gray'}
              onClick={() => void actions.patchTag(tag, { decisive: !tag.decisive }).catch(notifyError)}
              data-testid="tag-decisive"
            >
              {tag.decisive ? <IconStarFilled size={22} /> : <IconStar size={22} />}
            </ActionIcon>
          </Tooltip>
          <div style={{ flex: 1, minWidth: 0 }}>
            <UnstyledButton
              onClick={() => onGo(tag)}
              style={{ width: '100%', minHeight: 44, padding: '6px 4px' }}
              title={t('tags.go', { camera: tag.cameraName, at: formatTime(tag.from) })}
            >
              <Group gap={6} wrap="nowrap" align="center">
                <IconPlayerPlay size={16} aria-hidden="true" style={{ flex: 'none' }} />
                <Text fw={600}>
                  {isOneDay(tag)
                    ? `${formatTime(tag.from, 'tenth')} – ${formatTime(tag.to, 'tenth')}`
                    : formatRange(tag.from, tag.to, 'tenth')}
                  {isOneDay(tag) && <Text span c="dimmed">{` ${formatDate(tag.from)}`}</Text>}
                </Text>
              </Group>
              <Text>{tag.cameraName}</Text>
              <Text c="dimmed" fz={14}>
                {t('tags.by', { name: tag.createdByName })}
              </Text>
            </UnstyledButton>
            <FoldedText text={tag.note} />
          </div>
          {mayEdit && (
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon aria-label={t('tags.more')}>
                  <IconDotsVertical size={20} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item h={44} fz={15} leftSection={<IconPencil size={18} />} onClick={() => setEditing(tag)}>
                  {t('tags.editNote')}
                </Menu.Item>
                <Menu.Item
                  h={44}
                  fz={15}
                  color="var(--state-down)"
                  leftSection={<IconTrash size={18} />}
                  onClick={() => setDeleting(tag)}
                >
                  {t('tags.delete')}
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </Group>
      ))}
      <FormDialog opened={editing !== undefined} onClose={() => setEditing(undefined)} title={t('tags.editNote')}>
        {editing && <NoteForm tag={editing} onDone={() => setEditing(undefined)} />}
      </FormDialog>
      <ConfirmWithReason
        opened={deleting !== undefined}
        onClose={() => setDeleting(undefined)}
        title={t('tags.deleteTitle')}
        confirmLabel={t('tags.delete')}
        askReason={false}
        onConfirm={async () => deleting && (await actions.deleteTag(deleting))}
      >
        {deleting &&
          t(deleting.decisive ? 'tags.deleteDecisiveText' : 'tags.deleteText', {
            camera: deleting.cameraName,
            at: `${formatTime(deleting.from)} ${formatDate(deleting.from)}`,
          })}
      </ConfirmWithReason>
    </Stack>
  );
}

function NoteForm({ tag, onDone }: { tag: TagResponse; onDone(): void }) {
  const { t } = useTranslation('incidents');
  const actions = useCaseActions();
  const form = useAppForm({
    initial: { note: tag.note },
    most: { note: 1000 },
    draft: { name: `tag ${tag.id}`, fields: ['note'] },
  });
  return (
    <AppForm
      form={form}
      onSubmit={async ({ note }) => {
        await actions.patchTag(tag, { note: note.trim() });
        onDone();
      }}
      actions={<FormActions submitLabel={t('tags.saveNote')} />}
    >
      <Textarea {...form.text('note')} label={t('tags.note')} autosize minRows={3} maxRows={12} data-autofocus />
    </AppForm>
  );
}
