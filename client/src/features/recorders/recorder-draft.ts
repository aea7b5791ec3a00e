import {
  recorderCreateRequest,
  recorderPatchRequest,
  type RecorderPatchRequest,
  type RecorderResponse,
} from '@choi-canh/shared/recorders';

/** What people typed of a recorder. */
export interface RecorderDraft {
  name: string;
  url: string;
  token: string;
}

/** Most characters, as the server takes them. */
export const recorderFieldLengths = { name: 120, url: 300, token: 300 } as const;

/** The sentence of each field of a draft, as a key of the words. */
export const wrongFieldKeys = {
  name: 'errors:fields.name',
  url: 'fields.urlWrong',
  token: 'fields.tokenWrong',
} as const satisfies Record<keyof RecorderDraft, string>;

/** Fields of a new recorder that are not right. */
export function wrongFields(draft: RecorderDraft): ReadonlySet<string> {
  const parsed = recorderCreateRequest.safeParse({ ...draft, url: draft.url.trim() });
  return new Set(parsed.error?.issues.map((issue) => String(issue.path[0])));
}

export interface RecorderDraftChange {
  /** Only what is another than now. */
  patch: RecorderPatchRequest;
  /** Fields that are not right. */
  wrong: ReadonlySet<string>;
  /** It has another address: its token is asked for as well. */
  moved: boolean;
}

/** What a draft changes of a recorder. The console's own has neither address nor token that people could change. */
export function draftChange(
  recorder: Pick<RecorderResponse, 'name' | 'url'>,
  { name, url, token }: RecorderDraft,
): RecorderDraftChange {
  const moved = recorder.url !== null && originOf(url) !== recorder.url;
  const parsed = recorderPatchRequest.safeParse({
    name,
    ...(moved ? { url: url.trim() } : {}),
    ...(moved || (recorder.url !== null && token.trim() !== '') ? { token } : {}),
  });
  if (!parsed.success) {
    return { patch: {}, wrong: new Set(parsed.error.issues.map((issue) => String(issue.path[0]))), moved };
  }
  const { name: newName, ...reached } = parsed.data;
  return { patch: { ...(newName === recorder.name ? {} : { name: newName }), ...reached }, wrong: new Set(), moved };
}

/** As the console keeps an address; what is none stays as it was typed. */
function originOf(url: string): string {
  const text = url.trim();
  return URL.canParse(text) && new URL(text).pathname === '/' ? new URL(text).origin : text;
}
