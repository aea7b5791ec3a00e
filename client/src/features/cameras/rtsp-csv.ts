import { withoutPasswords } from '@choi-canh/shared/rtsp-address';
import { rtspDevice, type RtspAddRequest, type RtspDeviceInput } from '@choi-canh/shared/rtsp-cameras';
import { rtspBrands, type RtspBrand } from '@choi-canh/shared/rtsp-templates';
import { csvText } from '../../lib/csv.js';

export type RtspCameraInput = RtspAddRequest['cameras'][number];

/** What is wrong with a line, for the sentence `rtsp.csv.wrong.<code>`. */
export type CsvFault = 'columns' | 'brand' | 'host' | 'port' | 'channel' | 'url' | 'account' | 'long';
export interface CsvLine {
  /** As a spreadsheet counts them: the heading is 1. */
  line: number;
  name: string;
  address: string;
  /** Undefined: `fault` says why. */
  camera: RtspCameraInput | undefined;
  fault: CsvFault | undefined;
}

export const maxCsvBytes = 1024 * 1024;
export const maxCsvLines = 600;

const columns = ['name', 'place', 'brand', 'host', 'port', 'channel', 'username', 'password', 'main', 'sub'] as const;
type Column = (typeof columns)[number];

/** Headings without marks, spaces and capitals. */
const headings: Readonly<Record<string, Column>> = {
  ...{ ten: 'name', tencamera: 'name', name: 'name', vitri: 'place', place: 'place', hang: 'brand', brand: 'brand' },
  ...{ diachi: 'host', diachiip: 'host', ip: 'host', host: 'host', address: 'host', cong: 'port', port: 'port' },
  ...{ kenh: 'channel', channel: 'channel', taikhoan: 'username', tendangnhap: 'username', username: 'username' },
  ...{ matkhau: 'password', password: 'password', luongchinh: 'main', main: 'main', luongphu: 'sub', sub: 'sub' },
};
/** Names of brands that share another one's addresses. */
const brandNames: Readonly<Record<string, RtspBrand>> = {
  ...{ imou: 'dahua', kbvision: 'dahua', kbvison: 'dahua', hik: 'hikvision', tplink: 'tapo', unv: 'uniview' },
  ...{ khac: 'plain', other: 'plain', rtsp: 'plain', '': 'plain' },
};

const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[đĐ]/g, 'd')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');

/** Cells of RFC 4180 text, with the separator that its first line has: comma, semicolon or tab. */
export function csvCells(text: string): string[][] {
  const body = text.replace(/^\uFEFF/, '');
  const first = body.slice(0, body.search(/[\r\n]|$/));
  const separator = [';', '\t', ','].sort((a, b) => first.split(b).length - first.split(a).length)[0] ?? ',';
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at <= body.length; at += 1) {
    const character = body[at];
    if (quoted && character !== undefined) {
      if (character !== '"') cell += character;
      else if (body[at + 1] === '"') cell += body[(at += 1)] ?? '';
      else quoted = false;
    } else if (character === '"' && cell === '') quoted = true;
    else if (character === separator) {
      row.push(cell);
      cell = '';
    } else if (character === undefined || character === '\n' || character === '\r') {
      row.push(cell);
      cell = '';
      if (row.some((one) => one.trim() !== '')) rows.push(row);
      row = [];
    } else cell += character;
  }
  return rows;
}

function lineOf(cells: readonly string[], order: readonly (Column | undefined)[], line: number): CsvLine {
  const value = (column: Column) => (cells[order.indexOf(column)] ?? '').trim();
  const [name, place, host] = [value('name'), value('place'), value('host')];
  const wrong = (fault: CsvFault): CsvLine => ({
    line,
    name,
    address: host || withoutPasswords(value('main')),
    camera: undefined,
    fault,
  });
  const brandName = plain(value('brand'));
  const brand = brandNames[brandName] ?? rtspBrands.find((one) => one === brandName);
  if (brand === undefined) return wrong('brand');
  if (name.length > 120 || place.length > 200) return wrong('long');
  const [username, password] = [value('username'), value('password')];
  if (username === '' || username.length > 80 || password === '' || password.length > 200) return wrong('account');
  const number = (column: Column, otherwise: number) => (value(column) === '' ? otherwise : Number(value(column)));
  const given: RtspDeviceInput =
    brand === 'plain'
      ? { brand, mainUrl: value('main'), subUrl: value('sub') === '' ? null : value('sub') }
      : { brand, host, port: number('port', 554), channel: number('channel', 1) };
  const parsed = rtspDevice.safeParse(given);
  if (!parsed.success) {
    const field = (brand === 'plain' ? 'url' : parsed.error.issues.flatMap(faultsOf)[0]) ?? 'host';
    return wrong(field);
  }
  const address =
    parsed.data.brand === 'plain' ? withoutPasswords(parsed.data.mainUrl) : `${parsed.data.host}:${parsed.data.port}`;
  return { line, name, address, camera: { device: parsed.data, name, place, username, password }, fault: undefined };
}

function faultsOf(issue: { path: readonly PropertyKey[]; errors?: unknown }): CsvFault[] {
  const nested = Array.isArray(issue.errors) ? (issue.errors as { path: readonly PropertyKey[] }[][]) : [];
  return [issue.path, ...nested.flat().map(({ path }) => path)].flatMap(([key]) =>
    key === 'host' || key === 'port' || key === 'channel' ? [key] : [],
  );
}

/** Cameras of a CSV file with a heading; undefined where the heading names no address column. At most 600 lines. */
export function readRtspCsv(text: string): CsvLine[] | undefined {
  const [heading, ...rows] = csvCells(text);
  const order = (heading ?? []).map((one) => headings[plain(one)]);
  if (!order.includes('host') && !order.includes('main')) return undefined;
  return rows.slice(0, maxCsvLines).map((cells, index) => lineOf(cells, order, index + 2));
}

/** A file to begin with, with the headings in the language of the page. */
export function rtspCsvExample(titles: Record<Column, string>): string {
  return csvText([
    columns.map((column) => titles[column]),
    ['Cổng chợ', 'Ngã ba chợ', 'Hikvision', '192.168.1.64', 554, 1, 'admin', '', '', ''],
    ['NVR kênh 7', 'Trụ sở', 'KBVision', '192.168.1.108', 554, 7, 'admin', '', '', ''],
    ['Camera khác', '', 'Khác', '', '', '', 'admin', '', 'rtsp://192.168.1.70:554/live/main', ''],
  ]);
}
