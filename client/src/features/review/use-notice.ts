import { useCallback, useEffect, useState } from 'react';

/** Long enough to read two lines. */
const noticeMs = 8000;

/** A sentence that answers a command; the next one takes its place, and it goes by itself. */
export function useNotice() {
  const [notice, setNotice] = useState<{ sentence: string; key: number }>();
  const say = useCallback((sentence: string | undefined) => {
    setNotice((before) => (sentence === undefined ? undefined : { sentence, key: (before?.key ?? 0) + 1 }));
  }, []);
  useEffect(() => {
    if (notice === undefined) return;
    const timer = setTimeout(() => setNotice(undefined), noticeMs);
    return () => clearTimeout(timer);
  }, [notice]);
  return { notice: notice?.sentence, say };
}
