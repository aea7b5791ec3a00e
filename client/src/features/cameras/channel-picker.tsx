import type { DeviceOffer, OfferedChannel } from '@choi-canh/shared/cameras';
import { Anchor, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { tooLongBy } from '../../components/form/too-long.js';
import { channelName, freeChannels, type ChannelChoice } from './channel-choice.js';
import classes from './channel-picker.module.css';
import { deviceWordLengths } from './device-choice.js';

/** The channels of a device, each with a picture, what it sends and whether anything comes in; to be ticked and named. */
export function ChannelPicker({
  offer,
  choice,
  onChoice,
  pictureOf,
}: {
  offer: DeviceOffer;
  choice: ChannelChoice;
  onChoice: (choice: ChannelChoice) => void;
  pictureOf: (sourceToken: string) => string;
}) {
  const { t, i18n } = useTranslation('cameras');
  const free = freeChannels(offer);
  const withSignal = free.filter(({ signal }) => signal !== false);
  const all = withSignal.length > 0 && withSignal.every(({ sourceToken }) => choice.tokens.has(sourceToken));
  const toggle = (token: string) => {
    const tokens = new Set(choice.tokens);
    if (!tokens.delete(token)) tokens.add(token);
    onChoice({ ...choice, tokens });
  };
  const lengthError = (name: string) => tooLongBy(t, i18n.language, name, deviceWordLengths.name);
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="flex-end" gap="sm">
        <TextInput
          label={t('channels.commonName')}
          description={t('channels.commonNameHint', { example: `${choice.commonName.trim()} 7`.trim() })}
          value={choice.commonName}
          error={lengthError(`${choice.commonName} 256`)}
          onChange={(event) => onChoice({ ...choice, commonName: event.currentTarget.value })}
          style={{ flex: '1 1 300px', maxWidth: 520 }}
        />
        {withSignal.length > 0 && (
          <Checkbox
            checked={all}
            indeterminate={!all && choice.tokens.size > 0}
            onChange={() =>
              onChoice({ ...choice, tokens: new Set(all ? [] : withSignal.map(({ sourceToken }) => sourceToken)) })
            }
            label={t('channels.selectAll', { count: withSignal.length })}
          />
        )}
      </Group>
      <ul className={classes.grid} style={{ margin: 0, padding: 0, listStyle: 'none' }}>
        {offer.channels.map((channel) => {
          const { sourceToken, number, taken, knownCameraId, main } = channel;
          const isChosen = choice.tokens.has(sourceToken);
          const name = channelName(channel, choice);
          return (
            <li
              key={sourceToken}
              className={classes.channel}
              data-chosen={isChosen || undefined}
              data-testid={`channel-${number}`}
            >
              <Picture channel={channel} src={pictureOf(sourceToken)} />
              <Checkbox
                checked={isChosen}
                disabled={taken || main === null}
                onChange={() => toggle(sourceToken)}
                aria-label={t('channels.select', { number })}
              />
              <div className={classes.words}>
                <Text fw={600}>{t('channels.number', { number })}</Text>
                <Text size="sm">{signalWords(t, channel)}</Text>
                <Text size="sm" c="dimmed">
                  {main === null
                    ? t('channels.noStream')
                    : `${main.width} × ${main.height} · ${main.codec.replace(/^H(26[45])$/i, 'H.$1')}`}
                </Text>
              </div>
              {taken ? (
                <Text className={classes.name ?? ''}>
                  {knownCameraId === null ? (
                    t('add.known')
                  ) : (
                    <Anchor component={Link} to={`/cameras/${knownCameraId}`}>
                      {t('add.known')}
                    </Anchor>
                  )}
                </Text>
              ) : (
                main !== null && (
                  <TextInput
                    className={classes.name ?? ''}
                    aria-label={t('channels.name', { number })}
                    value={name}
                    error={lengthError(name)}
                    onChange={(event) => {
                      const typed = event.currentTarget.value;
                      onChoice({ ...choice, names: new Map(choice.names).set(sourceToken, typed) });
                    }}
                  />
                )
              )}
            </li>
          );
        })}
      </ul>
    </Stack>
  );
}

type Translate = (key: 'channels.hasSignal' | 'channels.noSignal' | 'channels.unknownSignal') => string;

/** Shape and word together, so that colour is never alone. */
function signalWords(t: Translate, { signal, main }: OfferedChannel): string {
  if (signal === false || main === null) return `○ ${t('channels.noSignal')}`;
  return signal === true ? `● ${t('channels.hasSignal')}` : `? ${t('channels.unknownSignal')}`;
}

function Picture({ channel, src }: { channel: OfferedChannel; src: string }) {
  const { t } = useTranslation('cameras');
  const [failed, setFailed] = useState(false);
  if (failed || channel.signal === false || channel.main === null) {
    return (
      <div className={classes.none}>
        <Text size="sm" c="dimmed">
          {t('channels.noPicture')}
        </Text>
      </div>
    );
  }
  return (
    <img
      className={classes.picture}
      src={src}
      alt={t('channels.picture', { number: channel.number })}
      loading="lazy"
      onError={() => setFailed(true)}
    />
  );
}
