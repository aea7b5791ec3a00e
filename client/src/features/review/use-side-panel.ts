import { useLocalStorage, useMediaQuery } from '@mantine/hooks';

/** Whether the panel beside the pictures is open: as it was left on this computer, at first where there is room. */
export function useSidePanel(): { opened: boolean; setOpened(opened: boolean): void } {
  const roomy = useMediaQuery('(min-width: 80em)', true, { getInitialValueInEffect: false });
  const [chosen, setChosen] = useLocalStorage<boolean | null>({
    key: 'choi-canh.review-side',
    defaultValue: null,
    getInitialValueInEffect: false,
  });
  return { opened: chosen ?? roomy, setOpened: setChosen };
}
