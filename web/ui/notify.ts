import { notifications } from '@mantine/notifications';
import { faultOf } from './states.tsx';

let latest: string | null = null;

/** Says in passing that something was done, in place of what was said before: a pile would cover what is used next. */
export function notifyDone(message: string): void {
  if (latest !== null) notifications.hide(latest);
  latest = notifications.show({ message, color: 'tile', autoClose: 4_000 });
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
