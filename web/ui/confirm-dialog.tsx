import { List, Modal, Stack, Text, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { DialogButtons } from './dialog-buttons.tsx';
import { useFocusBack } from './focus-back.ts';
import { Form } from './form.tsx';
import { ErrorState } from './states.tsx';

interface ConfirmDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** A question: `Revoke laptop?` */
  readonly title: string;
  /** What it means, before the list. */
  readonly children?: ReactNode;
  /** What will happen, thing by thing. */
  readonly consequences: readonly ReactNode[];
  /** The word on the button that does it. */
  readonly action: string;
  /** Must be typed first, where nothing brings it back. */
  readonly typed?: string;
  readonly onConfirm: () => void;
  readonly pending: boolean;
  readonly error: unknown;
}

/** Asks before what cannot be undone, and says what it will do. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { opened, onClose, title } = props;
  useFocusBack(opened);
  return (
    <Modal opened={opened} onClose={onClose} title={title}>
      <Question {...props} />
    </Modal>
  );
}

function Question(props: ConfirmDialogProps) {
  const { onClose, children, consequences, action, typed, onConfirm, pending, error } = props;
  const [text, setText] = useState('');
  return (
    <Form
      onSubmit={() => {
        if (typed === undefined || text === typed) onConfirm();
      }}
    >
      <Stack gap="md">
        {children}
        {consequences.length > 0 && (
          <List spacing={6} size="sm">
            {consequences.map((consequence, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the list of one question does not change its order
              <List.Item key={at}>{consequence}</List.Item>
            ))}
          </List>
        )}
        {typed !== undefined && (
          <TextInput
            label={
              <>
                Type <Text span ff="monospace" inherit>{`${typed}`}</Text> to go on
              </>
            }
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
        )}
        {error !== null && error !== undefined && <ErrorState error={error} />}
        <DialogButtons
          action={action}
          onCancel={onClose}
          pending={pending}
          disabled={typed !== undefined && text !== typed}
          grave
        />
      </Stack>
    </Form>
  );
}
