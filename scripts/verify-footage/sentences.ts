// What was found, in plain words, for those who must decide what to do about it.
import type { Failure, FailureCode, NoteCode } from './finding.js';
import type { Report } from './verify-folder.js';

export type Language = 'vi' | 'en';

type Say = (failure: Failure) => string;

const failureVi: Record<FailureCode, Say> = {
  media_changed: () =>
    'Hình ảnh không còn đúng như khi ghi (bị sửa hoặc bị hỏng): nội dung không khớp với mã băm lập khi ghi hình.',
  time_changed: () => 'Giờ của đoạn này không còn đúng như khi ghi (bị sửa hoặc bị hỏng).',
  init_changed: () => 'Phần mở đầu của tệp không còn đúng như khi ghi (bị sửa hoặc bị hỏng).',
  file_cut: () => 'Tệp bị cắt ngắn: đoạn này không còn đủ.',
  file_longer: () => 'Sau đoạn cuối cùng, tệp có thêm dữ liệu lạ.',
  content_changed: () =>
    'Tệp không còn đúng như khi ghi (bị sửa hoặc bị hỏng): tệp khớp với chỉ mục của chính tệp, nhưng không phải tệp đã vào chuỗi.',
  file_swapped: ({ other }) => `Tệp đã bị tráo: nội dung thuộc về ${other}.`,
  file_missing: () => 'Thiếu tệp: chuỗi có ghi tệp này, không có ghi nhận xóa đúng quy định, nhưng trên đĩa không còn.',
  file_unchained: () => 'Tệp không thuộc chuỗi nào: không chứng minh được tệp do máy ghi lập.',
  file_unreadable: ({ reason }) => `Không đọc được tệp (${reason}).`,
  index_missing: ({ mediaWhole }) => `Thiếu tệp chỉ mục.${wholeVi(mediaWhole)}`,
  index_damaged: ({ mediaWhole }) => `Tệp chỉ mục bị hỏng.${wholeVi(mediaWhole)}`,
  index_changed: ({ mediaWhole }) =>
    `Tệp chỉ mục không còn đúng như khi ghi (bị sửa hoặc bị hỏng): nội dung khác với hình ảnh.${wholeVi(mediaWhole)}`,
  chain_missing: () => 'Camera này có hình ảnh đã ghi hoặc đã có mốc xác thực, nhưng thiếu tệp chuỗi.',
  chain_damaged: ({ entry }) => `Mục ${entry} của chuỗi không đọc được (bị sửa hoặc bị hỏng).`,
  chain_broken: ({ entry }) => `Mục ${entry} của chuỗi không nối tiếp mục đứng trước.`,
  chain_rewritten: ({ entry, sequence, recordAt }) =>
    `Chuỗi đã bị viết lại: mục ${entry} khác với mốc xác thực số ${sequence} lúc ${momentVi(recordAt)}.`,
  chain_truncated: ({ entry, other, sequence, recordAt }) =>
    `Chuỗi bị cắt cụt: thiếu từ mục ${entry} đến mục ${other}, là các mục đã có trong mốc xác thực số ${sequence} lúc ${momentVi(recordAt)}.`,
  entry_twice: ({ other }) => `Tệp ${other} vào chuỗi hai lần với nội dung khác nhau.`,
  tombstone_unsigned: ({ other }) => `Ghi nhận xóa tệp ${other} không có chữ ký hợp lệ.`,
  tombstone_wrong: ({ other }) => `Ghi nhận xóa tệp ${other} không khớp với mục của tệp trong chuỗi.`,
  records_missing: ({ sequence }) =>
    sequence === undefined
      ? 'Thư mục không có mốc xác thực nào: không biết chuỗi có bị viết lại hay không.'
      : `Thiếu mốc xác thực số ${sequence}, trong khi máy chủ có mốc này.`,
  record_damaged: ({ sequence }) => `Mốc xác thực số ${sequence} không đọc được.`,
  record_unsigned: ({ sequence }) => `Mốc xác thực số ${sequence} không có chữ ký hợp lệ.`,
  record_broken: ({ sequence }) => `Mốc xác thực số ${sequence} không nối tiếp mốc đứng trước.`,
  record_differs: ({ sequence }) => `Mốc xác thực số ${sequence} khác với bản lưu trên máy chủ.`,
  key_changed: ({ sequence }) =>
    `Từ mốc số ${sequence}, khóa ký đã đổi mà không có xác nhận của khóa cũ. Hãy hỏi quản trị viên.`,
  key_unexpected: ({ sequence }) => `Mốc xác thực số ${sequence} không được ký bằng khóa đã cho.`,
};

const failureEn: Record<FailureCode, Say> = {
  media_changed: () =>
    'The footage is not as it was recorded (altered or damaged): it does not match the hash taken when it was recorded.',
  time_changed: () => 'The time of this fragment is not as it was recorded (altered or damaged).',
  init_changed: () => 'The beginning of the file is not as it was recorded (altered or damaged).',
  file_cut: () => 'The file was cut short: this fragment is not whole.',
  file_longer: () => 'There is foreign data behind the last fragment.',
  content_changed: () =>
    'The file is not as it was recorded (altered or damaged): it agrees with its index, but it is not the file that entered the chain.',
  file_swapped: ({ other }) => `The file was swapped: its content belongs to ${other}.`,
  file_missing: () => 'A file is missing: the chain has it, no lawful deletion is noted, and it is not on the disk.',
  file_unchained: () => 'The file is in no chain: nothing shows that the recorder made it.',
  file_unreadable: ({ reason }) => `The file cannot be read (${reason}).`,
  index_missing: ({ mediaWhole }) => `The index is missing.${wholeEn(mediaWhole)}`,
  index_damaged: ({ mediaWhole }) => `The index is damaged.${wholeEn(mediaWhole)}`,
  index_changed: ({ mediaWhole }) =>
    `The index is not as it was recorded (altered or damaged): it does not match the footage.${wholeEn(mediaWhole)}`,
  chain_missing: () => 'This camera has footage or signed heads, but no chain file.',
  chain_damaged: ({ entry }) => `Entry ${entry} of the chain cannot be read (altered or damaged).`,
  chain_broken: ({ entry }) => `Entry ${entry} of the chain does not follow the one before.`,
  chain_rewritten: ({ entry, sequence, recordAt }) =>
    `The chain was rewritten: entry ${entry} is not what record ${sequence} signed at ${momentEn(recordAt)}.`,
  chain_truncated: ({ entry, other, sequence, recordAt }) =>
    `The chain was cut: entries ${entry} to ${other} are missing, which record ${sequence} signed at ${momentEn(recordAt)}.`,
  entry_twice: ({ other }) => `File ${other} entered the chain twice with different content.`,
  tombstone_unsigned: ({ other }) => `The note that ${other} was deleted has no valid signature.`,
  tombstone_wrong: ({ other }) => `The note that ${other} was deleted does not fit the file's entry in the chain.`,
  records_missing: ({ sequence }) =>
    sequence === undefined
      ? 'The folder holds no signed record: whether its chains were rewritten cannot be told.'
      : `Signed record ${sequence} is missing, which the console keeps.`,
  record_damaged: ({ sequence }) => `Signed record ${sequence} cannot be read.`,
  record_unsigned: ({ sequence }) => `The signature of record ${sequence} is wrong.`,
  record_broken: ({ sequence }) => `Signed record ${sequence} does not follow the one before.`,
  record_differs: ({ sequence }) => `Signed record ${sequence} is not the one that the console keeps.`,
  key_changed: ({ sequence }) =>
    `From record ${sequence} on the key is another one, which the former did not confirm. Ask the recorder's administrator.`,
  key_unexpected: ({ sequence }) => `Record ${sequence} is not signed with the given key.`,
};

const wholeVi = (whole: boolean | undefined): string =>
  whole === undefined ? '' : whole ? ' Hình ảnh vẫn toàn vẹn.' : '';
const wholeEn = (whole: boolean | undefined): string =>
  whole === undefined ? '' : whole ? ' The pictures themselves are unchanged.' : '';

const noteVi: Record<NoteCode, (count: number) => string> = {
  file_open: (count) => `${count} tệp đang được ghi, chưa vào chuỗi.`,
  entry_recovered: (count) => `${count} tệp được khôi phục (sau khi mất điện hoặc dừng đột ngột), vào chuỗi sau.`,
  entry_late: (count) =>
    `${count} tệp vào chuỗi muộn: mục của tệp bị mất khi máy ghi dừng đột ngột, hoặc tệp có từ trước khi có chuỗi.`,
  entries_unsigned: (count) => `${count} camera có mục mới sau mốc xác thực gần nhất; mốc sau sẽ bao gồm.`,
  index_rebuilt: (count) => `${count} tệp chỉ mục đã được lập lại từ hình ảnh; hình ảnh vẫn toàn vẹn.`,
  deletion_pending: (count) => `${count} tệp đã ghi nhận xóa nhưng vẫn còn trên đĩa.`,
  recorder_noted_loss: (count) => `Máy ghi đã tự ghi nhận ${count} lần mất hoặc hỏng đoạn cuối chuỗi.`,
  chain_unfinished: (count) => `${count} tệp có dòng cuối chưa ghi xong; máy ghi sẽ tự sửa khi chạy.`,
  key_from_folder: () =>
    'Khóa ký được lấy từ chính thư mục này. Để chắc chắn, hãy dùng --public-key hoặc --heads với bản lưu trên máy chủ.',
  key_rotated: (count) => `Khóa ký đã đổi ${count} lần, có xác nhận của khóa cũ.`,
};
const noteEn: Record<NoteCode, (count: number) => string> = {
  file_open: (count) => `${count} file(s) being written, not in the chain yet.`,
  entry_recovered: (count) => `${count} file(s) recovered after a crash or power cut and entered later.`,
  entry_late: (count) => `${count} file(s) entered late: a crash cost their entry, or they are older than the chain.`,
  entries_unsigned: (count) =>
    `${count} camera(s) have entries newer than the last signature; the next one covers them.`,
  index_rebuilt: (count) => `${count} index file(s) were made anew from the pictures, which are unchanged.`,
  deletion_pending: (count) => `${count} file(s) noted as deleted are still on the disk.`,
  recorder_noted_loss: (count) => `The recorder itself noted ${count} loss(es) at the end of a chain.`,
  chain_unfinished: (count) => `${count} file(s) end in an unfinished line; the recorder mends that when it runs.`,
  key_from_folder: () =>
    "The key was taken from this folder itself. To be certain give the console's: --public-key or --heads.",
  key_rotated: (count) => `The key was changed ${count} time(s), confirmed by the one before.`,
};

const zone = 'Asia/Ho_Chi_Minh';
const day = { day: '2-digit', month: '2-digit', year: 'numeric' } as const;
const time = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
/** "22/11/2026 14:30:00", the date first as in the whole product. */
const momentVi = (at: string | number | undefined): string => {
  if (at === undefined) return '?';
  const date = new Date(at);
  const dayText = date.toLocaleDateString('vi-VN', { timeZone: zone, ...day });
  return `${dayText} ${date.toLocaleTimeString('vi-VN', { timeZone: zone, ...time })}`;
};
const momentEn = (at: string | number | undefined): string =>
  at === undefined ? '?' : `${new Date(at).toLocaleString('sv-SE', { timeZone: zone })} (UTC+7)`;

/** Where a failure is: camera, file, fragment, bytes, and when the pictures were taken. */
function placeOf(failure: Failure, language: Language): string {
  const { cameraId, path, fragment, bytes, fromMs, toMs, fragmentsWrong } = failure;
  const vi = language === 'vi';
  const moment = vi ? momentVi : momentEn;
  const parts: string[] = [];
  if (cameraId !== undefined) parts.push(`camera ${cameraId}`);
  if (path !== undefined) parts.push(`${vi ? 'tệp' : 'file'} ${path}`);
  if (fragment !== undefined) parts.push(`${vi ? 'đoạn' : 'fragment'} ${fragment}`);
  if (bytes !== undefined) parts.push(`byte ${bytes[0]}–${bytes[1]}`);
  if (fromMs !== undefined) {
    const until = toMs === undefined || toMs - fromMs < 1000 ? '' : ` – ${moment(toMs)}`;
    parts.push(`${vi ? 'hình lúc' : 'pictures of'} ${moment(fromMs)}${until}`);
  }
  if (fragmentsWrong !== undefined && fragmentsWrong > 1)
    parts.push(vi ? `cả tệp có ${fragmentsWrong} đoạn sai lệch` : `${fragmentsWrong} fragments of the file are wrong`);
  return parts.join(', ');
}

export function describeFailure(failure: Failure, language: Language): string {
  const sentence = (language === 'vi' ? failureVi : failureEn)[failure.code](failure);
  const place = placeOf(failure, language);
  return place === '' ? sentence : `${sentence}\n    ${place}`;
}

const shownFindings = 20;

export function describeReport(report: Report, folder: string, language: Language): string {
  const vi = language === 'vi';
  const number = (value: number, digits = 0) =>
    value.toLocaleString(vi ? 'vi-VN' : 'en-GB', { maximumFractionDigits: digits });
  const size = (bytes: number) => (bytes >= 1e9 ? `${number(bytes / 1e9, 2)} GB` : `${number(bytes / 1e6, 1)} MB`);
  const speed = report.readBytes / 1e6 / Math.max(report.seconds, 0.001);
  const lines: string[] = [];
  lines.push(vi ? `Kiểm tra toàn vẹn hình ảnh đã ghi: ${folder}` : `Footage check: ${folder}`);
  lines.push(
    vi
      ? `Đã kiểm tra ${number(report.files)} tệp (${number(report.fragments)} đoạn) của ${number(report.cameras)} camera, ${number(report.entries)} mục trong chuỗi, ${number(report.records)} mốc xác thực.`
      : `Checked ${number(report.files)} files (${number(report.fragments)} fragments) of ${number(report.cameras)} cameras, ${number(report.entries)} chain entries, ${number(report.records)} signed records.`,
  );
  if (report.consoleRecords > 0)
    lines.push(
      vi
        ? `Đã đối chiếu với ${number(report.consoleRecords)} mốc xác thực lưu trên máy chủ.`
        : `Compared with ${number(report.consoleRecords)} records of the console.`,
    );
  lines.push(
    vi
      ? `Đã đọc ${size(report.readBytes)} trong ${number(report.seconds, 1)} giây (${number(speed)} MB/giây).`
      : `Read ${size(report.readBytes)} in ${number(report.seconds, 1)} s (${number(speed)} MB/s).`,
  );
  if (report.recordsTo !== undefined)
    lines.push(
      vi
        ? `Khóa ký: ${report.keyId}. Mốc xác thực gần nhất: ${momentVi(report.recordsTo)}.`
        : `Key: ${report.keyId}. Last signed: ${momentEn(report.recordsTo)}.`,
    );
  const deleted = report.deletedByAge + report.deletedForRoom;
  if (deleted > 0)
    lines.push(
      vi
        ? `Đã xóa đúng quy định: ${number(deleted)} tệp (${number(report.deletedByAge)} vì hết hạn lưu, ${number(report.deletedForRoom)} vì thiếu chỗ).`
        : `Lawfully deleted: ${number(deleted)} files (${number(report.deletedByAge)} by age, ${number(report.deletedForRoom)} for room).`,
    );
  for (const [code, count] of Object.entries(report.notes))
    lines.push(`${vi ? 'Ghi chú' : 'Note'}: ${(vi ? noteVi : noteEn)[code as NoteCode](count)}`);
  lines.push('');
  if (report.whole) {
    lines.push(
      vi
        ? 'KẾT QUẢ: TOÀN VẸN. Tất cả tệp đã kiểm tra đúng như khi ghi hình, không thiếu tệp nào.'
        : 'RESULT: WHOLE. Every file checked is as it was recorded, and none is missing.',
    );
    return lines.join('\n');
  }
  lines.push(
    vi
      ? `KẾT QUẢ: KHÔNG TOÀN VẸN. Có ${number(report.failures)} sai lệch.`
      : `RESULT: NOT WHOLE. ${number(report.failures)} finding(s).`,
  );
  for (const [index, failure] of report.findings.slice(0, shownFindings).entries())
    lines.push(`${String(index + 1).padStart(3)}. ${describeFailure(failure, language)}`);
  if (report.failures > shownFindings)
    lines.push(
      vi
        ? `… và ${number(report.failures - shownFindings)} sai lệch khác (xem --json).`
        : `… and ${number(report.failures - shownFindings)} more (see --json).`,
    );
  return lines.join('\n');
}
