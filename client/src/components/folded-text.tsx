import { Button, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isLongText } from '../lib/long-text.js';

const shownLines = 3;

/** What somebody wrote, as it was written; a long one shows its beginning until it is unfolded. */
export function FoldedText({ text }: { text: string }) {
  const { t } = useTranslation();
  const [unfolded, setUnfolded] = useState(false);
  if (text === '') return null;
  const folds = isLongText(text);
  return (
    <div style={{ paddingInline: 4 }}>
      <Text
        style={{ whiteSpace: 'pre-line', overflowWrap: 'anywhere' }}
        {...(folds && !unfolded ? { lineClamp: shownLines } : {})}
      >
        {text}
      </Text>
      {folds && (
        <Button
          variant="subtle"
          size="compact-md"
          px={0}
          mih={40}
          aria-expanded={unfolded}
          onClick={() => setUnfolded(!unfolded)}
        >
          {t(unfolded ? 'actions.showLess' : 'actions.showAll')}
        </Button>
      )}
    </div>
  );
}
