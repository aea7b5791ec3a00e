/** The years of data that the console is asked about: how many of each, and the ids of those that are asked for. */

export interface DatasetSize {
  readonly communes: number;
  readonly cameras: number;
  /** State intervals of each camera. */
  readonly intervals: number;
  readonly incidents: number;
  readonly audit: number;
  readonly accounts: number;
  readonly recorders: number;
}

/** Begin of the year that the data lies in; it ends `yearMs` later. UTC ms. */
export const startAtMs = Date.UTC(2025, 10, 1);
export const yearMs = 365 * 86_400_000;
export const endAtMs = startAtMs + yearMs;

export const provinceId = '10000000-0000-4000-8000-000000000000';
/** Each kind of row has its own first digits; `index` from 0. */
export const idOf = {
  area: (index: number) => id('11000000', index),
  recorder: (index: number) => id('12000000', index),
  camera: (index: number) => id('13000000', index),
  account: (index: number) => id('14000000', index),
  incident: (index: number) => id(scattered(index), index),
};

function id(first: string, index: number): string {
  return `${first}-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
}

/** Ids of rows that are written one by one in real life lie anywhere in their index, as random ones do. */
function scattered(index: number): string {
  return ((index * 40_503 + 12_345) % 4_294_967_296).toString(16).padStart(8, '0');
}

export const cameraIsIn = (camera: number, { communes }: DatasetSize) => camera % communes;
export const incidentIsIn = (incident: number, { communes }: DatasetSize) => (incident * 13) % communes;

const first = ['Cẩm', 'Ngọc', 'Thạch', 'Vĩnh', 'Yên', 'Hoằng', 'Quảng', 'Thiệu', 'Xuân', 'Thọ', 'Nga', 'Hà', 'Đông'];
const second = ['Bình', 'Châu', 'Vân', 'Long', 'Tú', 'Sơn', 'Lộc', 'Thành', 'Giang', 'Phú', 'Liên', 'Tân', 'Trung'];

export function communeName(index: number): string {
  const a = first[Math.floor(index / second.length) % first.length];
  const b = second[index % second.length];
  const again = Math.floor(index / (first.length * second.length));
  return `${a} ${b}${again === 0 ? '' : ` ${again + 1}`}`;
}

export const places = [
  'Ngã ba chợ',
  'Cầu Đồng',
  'Trường tiểu học',
  'Nhà văn hóa thôn 3',
  'Quốc lộ 217',
  'Bến xe khách',
  'Trạm y tế',
  'Ngã tư bưu điện',
  'Đê sông Mã',
  'Khu công nghiệp',
  'Ủy ban nhân dân xã',
];
export const things = [
  'Mất trộm xe máy',
  'Va chạm giữa hai xe máy',
  'Xô xát trước quán nước',
  'Gây rối trật tự',
  'Xe tải chở quá tải',
  'Đổ trộm rác thải',
  'Trẻ đi lạc',
  'Mất trộm chó',
  'Cháy đống rơm',
];
export const sentences = [
  'Người dân báo tin qua điện thoại, tổ tuần tra đến hiện trường sau mười phút và ghi nhận lời khai của nhân chứng.',
  'Hai thanh niên đi xe máy màu đen không rõ biển số, đội mũ bảo hiểm, chạy về hướng thị trấn.',
  'Công an xã đã trích xuất hình ảnh camera tại ngã ba, xác định được đối tượng và mời lên làm việc.',
  'Chủ nhà cho biết tài sản bị mất trong khoảng từ hai giờ đến bốn giờ sáng, cửa cổng không khóa.',
  'Vụ việc được hòa giải tại nhà văn hóa thôn, hai bên thống nhất bồi thường thiệt hại.',
  'Lái xe tải dừng đỗ sai quy định, gây cản trở giao thông trên quốc lộ trong giờ cao điểm.',
  'Tổ an ninh trật tự cơ sở phối hợp truy tìm, phát hiện phương tiện bị bỏ lại gần bờ đê.',
];
