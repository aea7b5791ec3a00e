import { z } from 'zod';
import { roleSchema } from './permissions.js';

/** Most entries of one list of names: nobody finds anything in a longer one. */
export const mostNames = 60;

const name = z.string().trim().min(1).max(80);
const code = z.string().min(1).max(60);

/** One word for people, in both languages. */
export const namedEntry = z.object({
  code,
  vi: z.string(),
  en: z.string(),
  /** Kept for what already bears it, not offered for anything new. */
  retired: z.boolean(),
});
export type NamedEntry = z.infer<typeof namedEntry>;

/** Texts of printed reports; lines of `recipients` are separated by line breaks. */
export const reportTextKeys = [
  'title',
  'incidentTitle',
  'superior',
  'unit',
  'number',
  'place',
  'recipients',
  'signer',
] as const;
export type ReportTextKey = (typeof reportTextKeys)[number];
const wordPair = z.object({ vi: z.string(), en: z.string() });
export const mostReportTextChars = 300;

/** What an administrator calls things: display names only, permissions and incidents do not depend on them. */
export const namesResponse = z.object({
  roles: z.array(namedEntry),
  /** From the highest to the lowest. */
  areaLevels: z.array(namedEntry),
  categories: z.array(namedEntry),
  report: z.record(z.enum(reportTextKeys), wordPair),
});
export type NamesResponse = z.infer<typeof namesResponse>;

const oneEach = (items: readonly { code: string | null }[]) => {
  const codes = items.flatMap((item) => (item.code === null ? [] : [item.code]));
  return new Set(codes).size === codes.length;
};

/** As the page had loaded them; where they are others by now, nothing is changed (conflict `names_changed`). */
const seenEntries = z.array(namedEntry).max(1000).optional();

export const roleNamesRequest = z.object({
  seen: seenEntries,
  items: z
    .array(z.object({ code: roleSchema, vi: name, en: name }))
    .min(1)
    .max(roleSchema.options.length)
    .refine(oneEach, 'each role once'),
});
export type RoleNamesRequest = z.infer<typeof roleNamesRequest>;

/** The whole list in its new order. `code: null` is a new entry; an entry that is left out is deleted. */
export const nameListRequest = z.object({
  seen: seenEntries,
  items: z
    .array(z.object({ code: code.nullable(), vi: name, en: name, retired: z.boolean() }))
    .min(1)
    .max(mostNames)
    .refine(oneEach, 'each code once'),
});
export type NameListRequest = z.infer<typeof nameListRequest>;

const reportText = z.string().trim().max(mostReportTextChars);
export const reportTextsRequest = z.object({
  seen: z.record(z.enum(reportTextKeys), wordPair).optional(),
  texts: z
    .partialRecord(z.enum(reportTextKeys), z.object({ vi: reportText, en: reportText }))
    .refine(({ title }) => title === undefined || (title.vi !== '' && title.en !== ''), {
      path: ['title'],
      message: 'a report has a title',
    }),
});
export type ReportTextsRequest = z.infer<typeof reportTextsRequest>;
