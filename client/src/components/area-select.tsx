import { Select, type SelectProps } from '@mantine/core';
import { IconMapPin } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useAreas } from '../lib/areas.js';
import { matchesText } from '../lib/natural-sort.js';

export interface AreaSelectProps extends Omit<SelectProps, 'data' | 'value' | 'onChange'> {
  value: string | undefined;
  onChange: (areaId: string | undefined) => void;
  /** Adds a first entry for "everything" (undefined). */
  allowAll?: boolean;
  /** Areas that cannot be chosen, e.g. an area's own subtree when it is moved. */
  exclude?: ReadonlySet<string>;
}

const all = '*';

/** One area of the tree, indented by depth, found by typing without marks. */
export function AreaSelect({ value, onChange, allowAll = false, exclude, ...rest }: AreaSelectProps) {
  const { t } = useTranslation();
  const { tree, isPending } = useAreas();
  // Whose scope is one area sees its name, and not the words "all areas".
  const roots = tree.flat.filter((node) => node.depth === 0);
  const onlyRoot = allowAll && roots.length === 1 ? roots[0]?.area : undefined;
  const data = [
    ...(allowAll ? [{ value: all, label: onlyRoot?.name ?? t('common:area.all') }] : []),
    ...tree.flat
      .filter((node) => exclude?.has(node.area.id) !== true && node.area.id !== onlyRoot?.id)
      .map((node) => ({ value: node.area.id, label: node.area.name })),
  ];
  return (
    <Select
      leftSection={<IconMapPin size={18} aria-hidden="true" />}
      placeholder={isPending ? t('common:loading') : t('common:area.choose')}
      nothingFoundMessage={t('common:area.notFound')}
      maxDropdownHeight={360}
      comboboxProps={{ width: 'max-content', position: 'bottom-start' }}
      {...rest}
      searchable
      allowDeselect={false}
      data={data}
      value={value === undefined || value === onlyRoot?.id ? (allowAll ? all : null) : value}
      onChange={(next) => onChange(next === null || next === all ? undefined : next)}
      filter={({ options, search }) =>
        options.filter((option) => !('group' in option) && matchesText(option.label, search))
      }
      renderOption={({ option }) => {
        const node = tree.byId.get(option.value);
        return (
          <span style={{ paddingInlineStart: (node?.depth ?? 0) * 18, minWidth: 200, paddingBlock: 3 }}>
            {option.label}
          </span>
        );
      }}
    />
  );
}
