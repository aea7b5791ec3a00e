import type { DesiredState, StreamProbeRequest } from '@choi-canh/shared/recorder-api';
import type { ProtocolVersion } from '@choi-canh/shared/recorder-protocol';
import { fillInAccount, type AddressAccount } from '../../lib/address-account.js';

/** Recorders of protocol 1.3 and before take addresses as they are: the account is filled in for them. */
export const fillsInAddresses = ({ major, minor }: ProtocolVersion): boolean => major > 1 || minor >= 4;

export function filledState(state: DesiredState): DesiredState {
  return { ...state, cameras: state.cameras.map(filledCamera) };
}

function filledCamera(camera: DesiredState['cameras'][number]): DesiredState['cameras'][number] {
  const { username, password, mainUrl, subUrl } = camera;
  if (mainUrl === undefined || password === null) return camera;
  const account: AddressAccount = { username, password };
  const sub = subUrl === undefined || subUrl === null ? subUrl : fillInAccount(subUrl, account);
  return { ...camera, mainUrl: fillInAccount(mainUrl, account), ...(sub === undefined ? {} : { subUrl: sub }) };
}

export const filledProbe = (stream: StreamProbeRequest): StreamProbeRequest => ({
  ...stream,
  url: fillInAccount(stream.url, stream),
});
