/** A word that the Vietnamese of the product does not use, because it says something else or has a better one. */
export interface WordRule {
  /** What must not stand in a text. */
  never: RegExp;
  /** What is written instead. */
  instead: string;
  /** Keys where the word is right. */
  except?: RegExp;
}

const word = (text: string) => new RegExp(`(?<!\\p{L})(${text})(?!\\p{L})`, 'iu');

/** One thing, one word: the glossary as rules, read by the test beside this file. */
export const wordRules: readonly WordRule[] = [
  // Machines and connections.
  { never: /đầu ghi(?! \(?(NVR|DVR))/iu, instead: 'máy ghi (đầu ghi chỉ dùng cho NVR/DVR)' },
  { never: word('liên lạc'), instead: 'kết nối' },
  { never: /(?<!kết )nối lại/iu, instead: 'kết nối lại' },
  { never: word('đang nối'), instead: 'đang kết nối' },
  { never: word('trả lời'), instead: 'phản hồi' },
  { never: word('hỏi thử|hỏi được|không hỏi'), instead: 'kiểm tra kết nối' },
  { never: word('hệ thống trung tâm'), instead: 'máy chủ' },
  { never: word('in ra'), instead: 'hiển thị' },
  { never: word('nhảy'), instead: 'thay đổi đột ngột' },
  { never: word('thu trực tiếp|thu qua|cách thu'), instead: 'lấy luồng' },
  { never: /(?<!khung )hình\/giây/iu, instead: 'khung hình/giây' },
  { never: word('chập chờn'), instead: 'cần kiểm tra' },
  { never: word('hình ảnh (chính|phụ)'), instead: 'luồng chính, luồng phụ' },
  { never: word('mạng nhỏ nhất'), instead: 'mỗi dải rộng nhất' },
  // Footage, retention, holds.
  { never: word('dữ liệu đã ghi|dữ liệu ghi hình|đoạn hình(?! ảnh)'), instead: 'hình ảnh (đã ghi)' },
  { never: word('xóa theo ngày'), instead: 'tự động xóa khi hết hạn lưu' },
  { never: word('hạn lưu trữ'), instead: 'hạn lưu' },
  { never: word('lưu dữ liệu'), instead: 'thời gian lưu' },
  { never: word('được giữ đủ|giữ lâu hơn|còn giữ được'), instead: 'được lưu đủ, thời gian lưu' },
  { never: word('chừa lại'), instead: 'dung lượng dự phòng' },
  { never: word('thôi giữ|tạm giữ|thu giữ'), instead: 'ngừng giữ lại' },
  { never: word('giữ bởi'), instead: 'người giữ lại' },
  { never: word('lần mở'), instead: 'lần xem' },
  { never: word('(khoảng|sau) chưa đến'), instead: 'một câu riêng cho dưới 1 ngày' },
  // Integrity.
  { never: word('bản ký|bản ghi'), instead: 'mốc xác thực; mục (của nhật ký)' },
  { never: word('mã kiểm tra'), instead: 'mã băm' },
  { never: word('chỗ không khớp'), instead: 'sai lệch' },
  { never: word('nguyên vẹn'), instead: 'toàn vẹn' },
  { never: word('đã bị (sửa|thay đổi)'), instead: 'không còn đúng như khi ghi (bị sửa hoặc bị hỏng)' },
  // Incidents and tags.
  { never: word('vụ án'), instead: 'vụ việc' },
  { never: word('người làm chứng'), instead: 'người chứng kiến' },
  { never: word('quyết định'), instead: 'đoạn làm rõ vụ việc' },
  { never: word('(?<!làm rõ )nhờ camera làm rõ|không nhờ camera'), instead: 'làm rõ nhờ camera, không qua camera' },
  { never: word('điểm vào|điểm ra|vào, ra'), instead: 'điểm đầu, điểm cuối' },
  { never: /\{\{count\}\} (đánh dấu|trích xuất)/iu, instead: 'đoạn đánh dấu, đoạn trích xuất' },
  { never: word('(?<!tin )không có cơ sở'), instead: 'tin không có cơ sở' },
  { never: word('đang xem xét'), instead: 'đang xác minh' },
  { never: word('lập vụ việc'), instead: 'tạo vụ việc' },
  { never: word('gần nơi xảy ra'), instead: 'tên gần giống nơi xảy ra' },
  { never: word('trật tự an toàn giao thông'), instead: 'trật tự, an toàn giao thông' },
  // Levels and roles.
  { never: word('cán bộ huyện'), instead: 'cán bộ tổng hợp' },
  { never: /công an xã(?! \p{Lu})/iu, instead: 'công an cấp xã' },
  { never: word('thuộc quyền'), instead: 'địa bàn phụ trách' },
  // Lists and errors.
  { never: word('nào khớp'), instead: 'nào phù hợp' },
  { never: word('mọi (địa bàn|trạng thái|loại|việc|người|thiết bị|camera)'), instead: 'tất cả …' },
  { never: word('nội dung gửi lên chưa hợp lệ|ô được đánh dấu'), instead: 'thông tin nhập, các ô báo đỏ' },
  { never: word('làm việc này'), instead: 'thực hiện thao tác này' },
  { never: /báo kỹ thuật(?! viên)/iu, instead: 'báo kỹ thuật viên' },
  // Manner: nobody is addressed, and letters have one form.
  { never: word('bạn|tôi|nó|của mình'), instead: 'không xưng hô; "địa bàn phụ trách"' },
  { never: /toạ|xoá|khoá|hoá(?!n)|huỷ|tỉ lệ/iu, instead: 'tọa, xóa, khóa, hóa, hủy, tỷ lệ' },
];

/** A state that holds is "Đã …": "Đang kết nối" reads as connecting. */
const heldStates = /[.:](connected|reachable)$/;

/** Words of another language that stay: names and standards of the trade. */
const kept = new Set(
  [
    ...['camera', 'ONVIF', 'RTSP', 'RTSPS', 'RTCP', 'NVR', 'DVR', 'IP', 'TCP', 'SHA', 'AAC', 'ffmpeg', 'frame', 'URL'],
    ...['kbit', 'Mbit', 'MB', 'GB', 'byte', 'CSV', 'USB', 'Zalo', 'Chrome', 'Edge', 'Firefox', 'JavaScript', 'HTTP'],
    ...[
      'verify',
      'footage',
      'pairing',
      'code',
      'RECORDER',
      'TOKEN',
      'FILE',
      'json',
      'public',
      'key',
      'heads',
      'UBND',
      'VT',
      'BC',
      'CA',
    ],
    ...['Windows', 'Excel', 'mili', 'Ctrl', 'HTTPS', 'ph', 'CĐ', 'ms', 'TP'],
    // Commands and folders of the server, as they are typed there.
    ...['TRUSTED', 'PROXIES', 'README'],
    ...['npm', 'backup', 'restore', 'keys', 'pg', 'dump', 'PostgreSQL'],
  ].map((text) => text.toLowerCase()),
);
/** What a Vietnamese syllable without marks can look like. */
const syllable = /^(ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdghklmnprstvx])?[aeiouy]{1,3}(ch|nh|ng|[cmnpt])?$/i;

/** English or other foreign words in a Vietnamese text, as they stand there. */
export function foreignWords(text: string): string[] {
  const plain = text.normalize('NFC').replace(/\{\{[^}]*\}\}|\$t\([^)]*\)|\$\{[^}]*\}|https?:\/\/\S+|\{[^}]*\}/gu, ' ');
  const words = plain.match(/\p{L}+/gu) ?? [];
  return words.filter((one) => /^[a-z]{2,}$/i.test(one) && !syllable.test(one) && !kept.has(one.toLowerCase()));
}

/** What is wrong with a text: `đầu ghi → máy ghi`. Empty where nothing is. */
export function complaintsAbout(key: string, text: string): string[] {
  const plain = text.normalize('NFC');
  const found = wordRules
    .filter(({ except }) => except?.test(key) !== true)
    .flatMap(({ never, instead }) => {
      const match = never.exec(plain);
      return match === null ? [] : [`${match[0]} → ${instead}`];
    });
  if (heldStates.test(key) && /^đang /iu.test(plain)) found.push(`${plain} → Đã …`);
  return [...found, ...foreignWords(plain).map((foreign) => `${foreign} → tiếng Việt`)];
}
