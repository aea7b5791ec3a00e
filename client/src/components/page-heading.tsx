import { Title, type TitleProps } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { isFocusLost } from '../lib/page-focus.js';

/** Headings that were shown since the document was loaded; the first one leaves the keyboard where the browser put it. */
let shown = 0;

/** The heading of a page. It takes the keyboard where a navigation left it nowhere, so that a screen reader reads it. */
export function PageHeading(props: Omit<TitleProps, 'order'> & { children: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    shown += 1;
    if (shown > 1 && isFocusLost()) heading.current?.focus({ preventScroll: true });
  }, []);
  return <Title {...props} ref={heading} order={1} tabIndex={-1} data-page-heading />;
}
