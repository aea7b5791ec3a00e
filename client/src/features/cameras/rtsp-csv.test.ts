import { describe, expect, it } from 'vitest';
import { csvCells, readRtspCsv, rtspCsvExample } from './rtsp-csv.js';

const heading = 'Tên,Vị trí,Hãng,Địa chỉ,Cổng,Kênh,Tài khoản,Mật khẩu,Luồng chính,Luồng phụ';
const one = (line: string) => readRtspCsv(`${heading}\r\n${line}`)?.[0];

describe('a file of cameras', () => {
  it.each([
    [
      'commas',
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'semicolons',
      'a;b\r\n"1;""x""";2',
      [
        ['a', 'b'],
        ['1;"x"', '2'],
      ],
    ],
    [
      'tabs and blank lines',
      '\uFEFFa\tb\n\n1\t2\n\t\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a line break in a cell',
      'a,b\n"1\n2",3',
      [
        ['a', 'b'],
        ['1\n2', '3'],
      ],
    ],
    ['a quote that does not end', 'a,b\n"1,2', [['a', 'b'], ['1,2']]],
    ['nothing', '', []],
  ])('with %s is read', (_name, text, cells) => {
    expect(csvCells(text)).toEqual(cells);
  });

  it('names brands as people do, and fills in what is usual', () => {
    expect(one('Cổng chợ,Chợ,KBVision,192.168.1.9,,7,admin,"a,b""c",,')).toMatchObject({
      line: 2,
      camera: {
        ...{ name: 'Cổng chợ', place: 'Chợ', username: 'admin', password: 'a,b"c' },
        device: { brand: 'dahua', host: '192.168.1.9', port: 554, channel: 7 },
      },
    });
    expect(one('x,,Khác,,,,u,p,rtsp://10.0.0.9/live,')?.camera?.device).toEqual({
      brand: 'plain',
      mainUrl: 'rtsp://10.0.0.9/live',
      subUrl: null,
    });
  });

  it.each([
    ['x,,Nokia,10.0.0.1,,,u,p,,', 'brand'],
    ['x,,Tapo,10.0.0.1/x,,,u,p,,', 'host'],
    ['x,,Tapo,,,,u,p,,', 'host'],
    ['x,,Tapo,10.0.0.1,99999,,u,p,,', 'port'],
    ['x,,Dahua,10.0.0.1,,0,u,p,,', 'channel'],
    ['x,,Dahua,10.0.0.1,,abc,u,p,,', 'channel'],
    ['x,,,,,,u,p,http://10.0.0.1/,', 'url'],
    ['x,,,,,,u,p,rtsp://u:p@10.0.0.1/,', 'url'],
    ['x,,Tapo,10.0.0.1,,,,p,,', 'account'],
    ['x,,Tapo,10.0.0.1,,,u,,,', 'account'],
    [`${'x'.repeat(121)},,Tapo,10.0.0.1,,,u,p,,`, 'long'],
  ])('%s says what is wrong', (line, fault) => {
    expect(one(line)).toMatchObject({ fault, camera: undefined });
  });

  it('without an address column is none, and one without marks is read', () => {
    expect(readRtspCsv('a,b\n1,2')).toBeUndefined();
    expect(readRtspCsv('ten;hang;ip;taikhoan;matkhau\nA;tapo;10.0.0.1;u;p')?.[0]?.camera?.device).toMatchObject({
      brand: 'tapo',
    });
    expect(readRtspCsv(`${heading}\n${'x,,Tapo,10.0.0.1,,,u,p,,\n'.repeat(700)}`)).toHaveLength(600);
  });

  it('the example is one, but for the passwords', () => {
    const titles = { name: 'Tên', place: 'Vị trí', brand: 'Hãng', host: 'Địa chỉ', port: 'Cổng', channel: 'Kênh' };
    const more = { username: 'Tài khoản', password: 'Mật khẩu', main: 'Luồng chính', sub: 'Luồng phụ' };
    const lines = readRtspCsv(rtspCsvExample({ ...titles, ...more }));
    expect(lines?.map(({ fault }) => fault)).toEqual(['account', 'account', 'account']);
  });
});
