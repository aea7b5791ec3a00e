import type { DiscoveryResponse } from '@choi-canh/shared/cameras';
import { Anchor, Badge, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { tooLongBy } from '../../components/form/too-long.js';
import { EmptyState } from '../../components/empty-state.js';
import { matchesCamera } from '../../lib/camera-search.js';
import { useRovingFocus } from '../../lib/roving-focus.js';
import { useVirtualList } from '../../lib/virtual-list.js';
import { MovedDevice } from './moved-device.js';
import { AdditionForm, type AdditionAccount } from './addition-form.js';
import {
  deviceWordLengths,
  devicesToAdd,
  newAddresses,
  orderDevices,
  proposedWords,
  type DeviceWords,
} from './device-choice.js';
import classes from './found-devices.module.css';

/** Fewer devices are seen at once. */
const searchedFrom = 8;

/** What a search found: tick, name, and add. Devices that are cameras already say so and cannot be ticked. */
export function FoundDevices({
  discovery,
  recorderId,
  typed,
  onTyped,
  account,
  onAccount,
  onStarted,
}: {
  discovery: DiscoveryResponse;
  recorderId: string;
  typed: ReadonlyMap<string, DeviceWords>;
  onTyped: (typed: ReadonlyMap<string, DeviceWords>) => void;
  account: AdditionAccount;
  onAccount: (account: AdditionAccount) => void;
  onStarted: (additionId: string) => void;
}) {
  const { t, i18n } = useTranslation('cameras');
  const [text, setText] = useState('');
  const devices = useMemo(
    () =>
      orderDevices(discovery.devices).filter((device) => {
        const { name, place } = typed.get(device.deviceAddress) ?? proposedWords(device);
        const texts = { titles: [name, place], others: [device.name, device.hardware], address: device.deviceAddress };
        return matchesCamera(texts, text);
      }),
    [discovery.devices, typed, text],
  );
  const fresh = useMemo(() => newAddresses(devices), [devices]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const narrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
  const scroller = useRef<HTMLDivElement>(null);
  const anyMoved = devices.some((device) => device.movedFrom !== null);
  const rowPx = narrow ? (anyMoved ? 232 : 160) : 64;
  const virtual = useVirtualList({ count: devices.length, rowPx, scroller, overscan: 6 });
  // One row is reached by Tab, with its fields; arrows go to the others.
  const roving = useRovingFocus(fresh);
  const all = fresh.length > 0 && fresh.every((address) => chosen.has(address));

  if (discovery.devices.length === 0) {
    return discovery.state === 'running' ? null : (
      <EmptyState title={t('add.nothing.title')} text={t('add.nothing.text')} />
    );
  }
  const toggle = (address: string) => {
    const next = new Set(chosen);
    if (!next.delete(address)) next.add(address);
    setChosen(next);
  };

  return (
    <Stack gap="md">
      {discovery.devices.length > searchedFrom && (
        <TextInput
          leftSection={<IconSearch size={18} aria-hidden="true" />}
          placeholder={t('search')}
          aria-label={t('search')}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      )}
      <Group justify="space-between">
        {fresh.length === 0 ? (
          <Text>{t('add.noneNew')}</Text>
        ) : (
          <Checkbox
            checked={all}
            indeterminate={!all && chosen.size > 0}
            onChange={() =>
              setChosen(new Set([...[...chosen].filter((one) => !fresh.includes(one)), ...(all ? [] : fresh)]))
            }
            label={t('add.selectAll', { count: fresh.length })}
          />
        )}
        {fresh.length > 0 && <Text role="status">{t('add.selected', { count: chosen.size })}</Text>}
      </Group>
      <div
        {...roving.list}
        ref={scroller}
        className={classes.scroller}
        style={{ maxHeight: Math.min(520, devices.length * rowPx + 2) }}
      >
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const device = devices[item.index];
            if (device === undefined) return null;
            const address = device.deviceAddress;
            const known = device.knownCameraId;
            const words = typed.get(address) ?? proposedWords(device);
            const change = (changes: Partial<DeviceWords>) =>
              onTyped(new Map(typed).set(address, { ...words, ...changes }));
            return (
              <div
                key={address}
                className={classes.row}
                data-rove-row={address}
                style={{ height: rowPx, transform: `translateY(${item.start}px)` }}
              >
                <Checkbox
                  checked={chosen.has(address)}
                  disabled={known !== null}
                  onChange={() => toggle(address)}
                  data-rove={address}
                  tabIndex={roving.tabIndexOf(address)}
                  aria-label={t('add.select', { device: words.name })}
                />
                <div className={classes.device}>
                  <Text fw={600} truncate>
                    {device.host}
                  </Text>
                  <Text size="sm" c="dimmed" truncate>
                    {[device.name, device.hardware].filter((part) => part !== '').join(' · ')}
                  </Text>
                </div>
                {known === null ? (
                  <>
                    <TextInput
                      className={classes.name ?? ''}
                      tabIndex={roving.tabIndexOf(address)}
                      aria-label={t('add.name', { device: device.host })}
                      placeholder={t('settings.name')}
                      value={words.name}
                      error={tooLongBy(t, i18n.language, words.name, deviceWordLengths.name)}
                      onChange={(event) => change({ name: event.currentTarget.value })}
                    />
                    <TextInput
                      className={classes.place ?? ''}
                      tabIndex={roving.tabIndexOf(address)}
                      aria-label={t('add.place', { device: device.host })}
                      placeholder={t('settings.place')}
                      value={words.place}
                      error={tooLongBy(t, i18n.language, words.place, deviceWordLengths.place)}
                      onChange={(event) => change({ place: event.currentTarget.value })}
                    />
                  </>
                ) : (
                  <Group gap="sm" className={classes.known ?? ''}>
                    {device.movedFrom === null ? (
                      <Badge variant="light" size="lg" tt="none">
                        {t('add.known')}
                      </Badge>
                    ) : (
                      <MovedDevice device={device} cameraId={known} />
                    )}
                    <Anchor component={Link} to={`/cameras/${known}`} tabIndex={device.movedFrom === null ? -1 : 0}>
                      {t('add.openCamera')}
                    </Anchor>
                  </Group>
                )}
              </div>
            );
          })}
        </div>
      </div>
      {fresh.length > 0 && (
        <AdditionForm
          recorderId={recorderId}
          devices={devicesToAdd(discovery.devices, chosen, typed)}
          submitLabel={t('add.submit', { count: chosen.size })}
          account={account}
          onAccount={onAccount}
          onStarted={onStarted}
        />
      )}
    </Stack>
  );
}
