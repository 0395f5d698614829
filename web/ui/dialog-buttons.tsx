import { Button, Group } from '@mantine/core';

interface DialogButtonsProps {
  /** The word on the button that does it. */
  readonly action: string;
  readonly onCancel: () => void;
  readonly pending: boolean;
  readonly disabled?: boolean;
  /** What it does cannot be undone: it is red, and the way back has the focus. */
  readonly grave?: boolean;
}

/** The last line of a dialog: back, or do it. */
export const DialogButtons = ({ action, onCancel, pending, disabled, grave }: DialogButtonsProps) => (
  <Group justify="flex-end" gap="sm">
    <Button variant="default" onClick={onCancel} data-autofocus={grave}>
      Cancel
    </Button>
    <Button type="submit" loading={pending} disabled={disabled === true} {...(grave ? { color: 'red' } : {})}>
      {action}
    </Button>
  </Group>
);
