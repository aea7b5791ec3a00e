import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { complaintsAbout, foreignWords } from './vietnamese-words.js';

const root = join(import.meta.dirname, '../../..');

/** Texts of other languages that belong in a Vietnamese list. */
const namesOfLanguages = /^common:languages\./;

function* localeTexts(): Generator<[where: string, text: string]> {
  const folder = join(import.meta.dirname, 'vi');
  const walk = function* (value: unknown, path: string): Generator<[string, string]> {
    if (typeof value === 'string') yield [path, value];
    else if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value)) {
        yield* walk(child, path.endsWith(':') ? path + key : `${path}.${key}`);
      }
    }
  };
  for (const file of readdirSync(folder)) {
    yield* walk(JSON.parse(readFileSync(join(folder, file), 'utf8')), `${file.replace('.json', '')}:`);
  }
}

/** Letters that only Vietnamese has. */
const vietnamese = /[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]/iu;

/** Vietnamese in the source itself: strings, templates, text between tags. Comments are for developers. */
function* sourceTexts(path: string): Generator<[where: string, text: string]> {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: [string, string][] = [];
  const visit = (node: ts.Node) => {
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node) || ts.isJsxText(node);
    if (isText && vietnamese.test(node.text)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push([`${relative(root, path)}:${line + 1}`, node.text]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  yield* found;
}

/** Help of a command line is English, also where it names a commune. */
const isEnglishWithAName = (text: string) => foreignWords(text).length > (text.match(/\p{L}+/gu) ?? []).length / 5;

function filesUnder(folder: string): string[] {
  return (
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      // Tests say what they like; a migration is never edited; what people type is read in any form; the rules name words.
      .filter(
        (name) =>
          !/test-harness|\.(test|suite|contract)\.tsx?$|migrations\/|place-words|vietnamese-words|\.d\.ts$/.test(name),
      )
      .map((name) => join(root, folder, name))
  );
}

describe('the Vietnamese of the product', () => {
  it('uses the words of its glossary in every locale', () => {
    const texts = [...localeTexts()];
    expect(texts.length).toBeGreaterThan(500);
    const wrong = texts
      .filter(([key]) => !namesOfLanguages.test(key))
      .flatMap(([key, text]) => complaintsAbout(key, text).map((complaint) => `${key}: ${complaint}`));
    expect(wrong).toEqual([]);
  });

  it.each(['client/src', 'server/src', 'shared/src', 'scripts/verify-footage', 'scripts/demo'])(
    'uses them in %s too',
    (folder) => {
      const wrong = filesUnder(folder)
        .flatMap((path) => [...sourceTexts(path)])
        .filter(([, text]) => !isEnglishWithAName(text))
        .flatMap(([where, text]) => complaintsAbout(where, text).map((complaint) => `${where}: ${complaint}`));
      expect(wrong).toEqual([]);
    },
  );

  it('shows what a machine said only folded, under "Chi tiết kỹ thuật"', () => {
    const open: string[] = [];
    for (const path of filesUnder('client/src').filter((name) => name.endsWith('.tsx'))) {
      const source = ts.createSourceFile(
        path,
        readFileSync(path, 'utf8'),
        ts.ScriptTarget.Latest,
        true,
        ts.ScriptKind.TSX,
      );
      const visit = (node: ts.Node) => {
        const isChild = ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent);
        const shown = isChild && node.expression !== undefined ? node.expression.getText() : '';
        if (/(\.(detail|message)|detail: \w+\.detail)( \}\))?$/.test(shown))
          open.push(`${relative(root, path)}: ${shown}`);
        ts.forEachChild(node, visit);
      };
      visit(source);
    }
    expect(open).toEqual([]);
  });

  it('is looked for where it is', () => {
    const sentences = [...sourceTexts(join(root, 'scripts/verify-footage/sentences.ts'))];
    expect(sentences.length).toBeGreaterThan(30);
    expect(sentences.some(([, text]) => text.includes('KHÔNG TOÀN VẸN'))).toBe(true);
  });

  it.each([
    ['recorders:title', 'Đầu ghi {{name}}'],
    ['errors:x', 'Không kết nối được với đầu ghi.'],
    ['common:connection.connected', 'Đang kết nối'],
    ['recorders:reachable', 'Đang kết nối'],
    ['video:stalled', 'Hình bị dừng, đang nối lại…'],
    ['live:x', 'Mất liên lạc'],
    ['incidents:x', 'Camera của bạn'],
    ['incidents:x', 'Ghi chú của nó sẽ bị xóa.'],
    ['incidents:x', 'Nhờ camera làm rõ'],
    ['incidents:x', '{{count}} đánh dấu'],
    ['cameras:x', 'Camera trả lời sai chuẩn.'],
    ['cameras:x', 'Chi tiết: the camera refuses the password (DESCRIBE)'],
    ['cameras:x', 'Không có camera nào khớp'],
    ['cameras:x', 'Mọi trạng thái'],
    ['cameras:x', 'Xoá camera'.normalize('NFD')],
    ['recorders:x', 'Giờ đã nhảy 3 giờ'],
    ['errors:x', 'Hãy báo kỹ thuật.'],
  ])('does not take %s "%s"', (key, text) => expect(complaintsAbout(key, text)).not.toEqual([]));

  it.each([
    ['common:connection.connecting', 'Đang kết nối…'],
    ['recorders:x', 'Đầu ghi NVR/DVR không gửi hình.'],
    ['cameras:x', 'Không kết nối được với máy ghi {{name}}. Hãy kiểm tra nguồn điện và đường truyền.'],
    ['incidents:x', '{{count}} đoạn đánh dấu; làm rõ nhờ camera'],
    ['incidents:x', 'Công an xã Chí Đám, lúc 14:30, mã băm SHA-256'],
    ['video:x', 'Đang kết nối lại…'],
  ])('takes %s "%s"', (key, text) => expect(complaintsAbout(key, text)).toEqual([]));
});
