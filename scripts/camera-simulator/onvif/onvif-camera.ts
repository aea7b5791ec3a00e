import type { VideoCodec } from '../camera-kind.js';
import type { OnvifManner } from './onvif-manner.js';

export interface OnvifStream {
  readonly codec: VideoCodec;
  readonly token: string;
  readonly name: string;
  readonly rtspUrl: string;
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly bitrateKbps: number;
  readonly gopFrames: number;
  readonly profileName: string;
}

/** A video source with its profiles. */
export interface OnvifChannel {
  readonly sourceToken: string;
  /** From 1. */
  readonly number: number;
  /** Nothing is plugged in. */
  readonly isEmpty: boolean;
  readonly streams: readonly OnvifStream[];
}

/** What the ONVIF services need to know of their camera. */
export interface OnvifCamera {
  readonly host: string;
  readonly name: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly firmware: string;
  readonly serial: string;
  readonly hardwareId: string;
  readonly hostname: string;
  /** `aa:bb:cc:dd:ee:ff`. */
  readonly mac: string;
  readonly scopes: readonly string[];
  readonly realm: string;
  readonly serverName: string;
  readonly acceptsUsernameToken: boolean;
  readonly acceptsHttpDigest: boolean;
  readonly paths: {
    readonly device: string;
    readonly media: string;
    readonly media2: string;
    readonly events: string;
    readonly snapshot: string;
  };
  /** Whether it has the second version of the media service, without which H.265 cannot be told. */
  readonly offersMedia2: boolean;
  readonly offersEvents: boolean;
  readonly manner: OnvifManner;
  /** Scheme, host and port of the services. */
  readonly serviceOrigin: string;
  httpPort(): number;
  account(): { username: string; password: string };
  /** The refusal of whoever signs in while the account is locked; undefined: it is not. */
  lock(): { manner: 'isapi' | 'words'; text: string } | undefined;
  countLocked(): void;
  /** The camera's own idea of UTC, ms. */
  cameraNowMs(): number;
  channels(): readonly OnvifChannel[];
  /** It records by itself, and has a recording service. */
  readonly records: boolean;
  /** JPEG of the channel of a profile; undefined where nothing is plugged in. */
  snapshot(profileToken: string): Promise<Buffer> | undefined;
  /** Asks the encoder of a stream for a keyframe now. */
  requestKeyframe(token: string): void;
  readonly offersSynchronizationPoint: boolean;
  isHanging(): boolean;
  isGone(): boolean;
  isTurningAway(): boolean;
  /** Answers with something that is not SOAP, or with far too much of it. */
  spoiledAnswer(): { kind: 'junk' } | { kind: 'oversized'; bytes: number } | undefined;
}
