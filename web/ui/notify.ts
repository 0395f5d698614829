import { notifications } from '@mantine/notifications';
import { faultOf } from './states.tsx';

/** Says in passing that something was done. */
export function notifyDone(message: string): void {
  notifications.show({ message, color: 'tile', autoClose: 5_000 });
}

/** Says in passing that something failed, where there is no better place beside what was tried. */
export function notifyFault(error: unknown): void {
  const { message, fix, code } = faultOf(error);
  notifications.show({
    title: message,
    message: `${fix ?? ''} (${code})`.trim(),
    color: 'red',
    autoClose: 12_000,
  });
}
