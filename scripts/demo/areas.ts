import type { AreaLevel } from '@choi-canh/shared/areas';

export interface DemoArea {
  name: string;
  level: AreaLevel;
  code?: string;
  centre?: { lat: number; lon: number };
  children?: DemoArea[];
}

const commune = (name: string): DemoArea => ({ name, level: 'commune' });

/** The places of the field (names, levels, centres are facts). */
export const demoAreas: DemoArea[] = [
  {
    name: 'Phú Thọ',
    level: 'province',
    children: [
      { name: 'Chí Đám', level: 'commune', code: 'CĐ', centre: { lat: 21.607, lon: 105.218 } },
      { name: 'Đồng Lương', level: 'commune' },
    ],
  },
  {
    name: 'Thanh Hóa',
    level: 'province',
    children: [
      {
        name: 'Cẩm Thủy',
        level: 'district',
        centre: { lat: 20.212, lon: 105.475 },
        children: [
          { name: 'Thị trấn Phong Sơn', level: 'town' },
          ...[
            'Cẩm Bình',
            'Cẩm Châu',
            'Cẩm Giang',
            'Cẩm Liên',
            'Cẩm Long',
            'Cẩm Lương',
            'Cẩm Ngọc',
            'Cẩm Phú',
            'Cẩm Quý',
            'Cẩm Tâm',
            'Cẩm Tân',
            'Cẩm Thạch',
            'Cẩm Thành',
            'Cẩm Tú',
            'Cẩm Vân',
            'Cẩm Yên',
          ].map(commune),
        ],
      },
      { name: 'TP Thanh Hóa', level: 'city', children: [{ name: 'Lam Sơn', level: 'ward' }] },
    ],
  },
];
