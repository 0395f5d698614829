import { Button, type MantineColorScheme, Menu, useMantineColorScheme } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { Me } from '../../src/wire/sessions.ts';
import { signOut } from '../api/session.ts';
import { Icon } from '../ui/icons.tsx';
import { notifyFault } from '../ui/notify.ts';

const SCHEMES: readonly { value: MantineColorScheme; label: string }[] = [
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
  { value: 'auto', label: 'As the system' },
];

export function UserMenu({ me }: { readonly me: Me }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leave = async (): Promise<void> => {
    try {
      await signOut(queries);
    } catch (error) {
      notifyFault(error);
    }
    await navigate({ to: '/sign-in' });
  };
  return (
    <Menu position="bottom-end" width={230} withinPortal withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          leftSection={<Icon name="user" />}
          px="sm"
          aria-label={`Account of ${me.username}`}
        >
          {me.username}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Icon name="user" size={18} />} component={Link} to="/profile">
          Your account
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Appearance</Menu.Label>
        {SCHEMES.map(({ value, label }) => (
          <Menu.Item
            key={value}
            closeMenuOnClick={false}
            rightSection={colorScheme === value && <Icon name="check" size={18} />}
            onClick={() => setColorScheme(value)}
          >
            {label}
            {colorScheme === value && <span className="visually-hidden">, chosen</span>}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="book" size={18} />} component="a" href="/docs">
          API reference
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="out" size={18} />} onClick={leave}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
