import {
  recorderAddress,
  recorderCreateRequest,
  recorderPatchRequest,
  type RecorderPatchRequest,
  type RecorderResponse,
} from '@choi-canh/shared/recorders';

/** What people typed of a recorder. */
export interface RecorderDraft {
  name: string;
  url: string;
  /** One-time code by which it is paired. */
  code: string;
}

/** Most characters, as the server takes them. */
export const recorderFieldLengths = { name: 120, url: 300, code: 60 } as const;

/** The sentence of each field of a draft, as a key of the words. */
export const wrongFieldKeys = {
  name: 'errors:fields.name',
  url: 'fields.urlWrong',
  code: 'fields.codeWrong',
} as const satisfies Record<keyof RecorderDraft, string>;

/** Fields of a new recorder that are not right. */
export function wrongFields(draft: RecorderDraft): ReadonlySet<string> {
  const parsed = recorderCreateRequest.safeParse(draft);
  return new Set(parsed.error?.issues.map((issue) => String(issue.path[0])));
}

export interface RecorderDraftChange {
  /** Only what is another than now. */
  patch: RecorderPatchRequest;
  /** Fields that are not right. */
  wrong: ReadonlySet<string>;
}

/** What a draft changes of a recorder. The console's own has neither address nor key that people could change. */
export function draftChange(
  recorder: Pick<RecorderResponse, 'name' | 'url' | 'key'>,
  { name, url, code }: RecorderDraft,
): RecorderDraftChange {
  const address = recorderAddress.safeParse(url);
  const moved = recorder.url !== null && (address.success ? address.data : url) !== recorder.url;
  const mustPair = recorder.url !== null && recorder.key === null && moved;
  const parsed = recorderPatchRequest.safeParse({
    name,
    ...(moved ? { url } : {}),
    ...(mustPair || (recorder.url !== null && code.trim() !== '') ? { code } : {}),
  });
  if (!parsed.success) return { patch: {}, wrong: new Set(parsed.error.issues.map((issue) => String(issue.path[0]))) };
  const { name: newName, ...reached } = parsed.data;
  return { patch: { ...(newName === recorder.name ? {} : { name: newName }), ...reached }, wrong: new Set() };
}
