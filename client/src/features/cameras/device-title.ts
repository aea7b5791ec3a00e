import type { DeviceKind } from '@choi-canh/shared/cameras';

type Translate = (key: `device.kinds.${DeviceKind}`) => string;

/** What it is and how its maker calls it: "Đầu ghi HIKVISION DS-7616NI". */
export function deviceTitle(
  t: Translate,
  { kind, manufacturer, model }: { kind: DeviceKind; manufacturer: string; model: string },
): string {
  return [t(`device.kinds.${kind}`), manufacturer, model].filter((part) => part !== '').join(' ');
}
