import { describe, expect, it } from 'vitest';
import { matchesCamera, type CameraTexts } from './camera-search.js';

const camera = (name: string, place: string, address: string, maker = 'HIKVISION'): CameraTexts => ({
  titles: [name, place],
  others: [maker, 'DS-2CD1021-I', 'DS-2CD1021-I20240311AAWRE12345678', 'Chí Đám', 'Mất tín hiệu'],
  address: `http://${address}/onvif/device_service`,
});
const cameras: Record<string, CameraTexts> = {
  '1': camera('Cam 1 – Cổng chợ', 'Cổng chợ', '127.66.0.1'),
  '2': camera('Cam 2 – Cổng UBND xã', 'Cổng UBND xã', '127.66.0.2'),
  '6': camera('Cam 06 – Trường Mầm non', 'Trường Mầm non Chí Đám', '127.66.0.6'),
  '16': camera('Cam 16 – Quốc lộ 2 – đầu xã', 'Quốc lộ 2 – đầu xã', '127.66.0.16:8080'),
  '32': camera('Cam 32 – Trạm biến áp số 2', 'Trạm biến áp số 2', '127.66.0.32', 'Dahua'),
  '44': camera('Cam 44 – Đường vào thôn Chí 1', 'Đường vào thôn Chí 1', '127.66.0.44'),
  '51': camera('Cam 51 – Ngã ba thôn Đám 1', 'Ngã ba thôn Đám 1', '127.66.0.51'),
  '66': camera('Cam 66 – Nhà văn hóa thôn Đám 2', 'Nhà văn hóa thôn Đám 2', '127.66.0.66'),
};
const found = (query: string) => Object.keys(cameras).filter((id) => matchesCamera(cameras[id]!, query));
const all = Object.keys(cameras);

describe('matchesCamera', () => {
  it.each<[query: string, ids: string[]]>([
    ['66', ['66']],
    ['Cam 66', ['66']],
    ['cam66', ['66']],
    ['Cam 51', ['51']],
    ['Cam 6', ['6']],
    ['cam 06', ['6']],
    ['2', ['2', '16', '32', '66']],
    ['Cam 2', ['2']],
    ['quốc lộ 2', ['16']],
    ['trạm biến áp 2', ['32']],
    ['thôn 1', ['44', '51']],
    ['Chí 1', ['44']],
    ['127', []],
    ['168', []],
    ['127.66', all],
    ['127.66.0.6', ['6']],
    ['66.0.6', ['6', '66']],
    ['.66', all],
    ['.32', ['32']],
    ['0.1', ['1', '16']],
    ['127.66.0.16:8080', ['16']],
    ['127.66.0.1:8080', []],
    ['dahua', ['32']],
    ['hikvision', all.filter((id) => id !== '32')],
    ['hikvision cho', ['1']],
    ['ds-2cd1021', all],
    ['12345678', all],
    ['mat tin hieu', all],
    ['CHỢ cổng', ['1']],
    ['cong cho', ['1']],
    ['Chợ'.normalize('NFD'), ['1']],
    ['12 cam', []],
    ['66 cam', ['66']],
    ['  ', all],
    ['cầu', []],
  ])('%s', (query, ids) => expect(found(query)).toEqual(ids));
});
