import { IconMapPin } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useAreas } from '../lib/areas.js';
import { SearchSelect, type SearchSelectProps } from './form/search-select.js';

export interface AreaSelectProps extends Omit<
  SearchSelectProps<string>,
  'data' | 'value' | 'onChange' | 'renderOption'
> {
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
    <SearchSelect
      leftSection={<IconMapPin size={18} aria-hidden="true" />}
      placeholder={isPending ? t('common:loading') : t('common:area.choose')}
      notFound={t('common:area.notFound')}
      {...rest}
      data={data}
      value={value === undefined || value === onlyRoot?.id ? (allowAll ? all : undefined) : value}
      onChange={(next) => onChange(next === all ? undefined : next)}
      renderOption={(option) => (
        <span style={{ paddingInlineStart: (tree.byId.get(option.value)?.depth ?? 0) * 18 }}>{option.label}</span>
      )}
    />
  );
}
