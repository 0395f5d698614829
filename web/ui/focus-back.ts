import { useLayoutEffect } from 'react';

/**
 * After a dialog the focus is where it was before. Mantine sees to that for dialogs that open after they were made, and
 * not for those that are made open and go away when they close.
 */
export function useFocusBack(opened: boolean): void {
  useLayoutEffect(() => {
    const before = document.activeElement;
    if (!opened || !(before instanceof HTMLElement)) return;
    return () => {
      // Not before the dialog has let go of it.
      setTimeout(() => before.focus({ preventScroll: true }));
    };
  }, [opened]);
}
