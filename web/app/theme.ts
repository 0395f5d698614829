import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

/** The green of the tiles; shade 7 carries white text at 5:1. */
const tile: MantineColorsTuple = [
  '#e8f6f4',
  '#d2ece9',
  '#a5dad3',
  '#74c6bc',
  '#4bb4a8',
  '#2a9d91',
  '#178a7f',
  '#0b746b',
  '#085e57',
  '#054843',
];

export const theme = createTheme({
  colors: { tile },
  primaryColor: 'tile',
  primaryShade: { light: 7, dark: 7 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace',
  headings: { fontWeight: '650' },
  components: {
    Card: { defaultProps: { withBorder: true, padding: 'lg', radius: 'md' } },
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.45, blur: 2 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    Badge: { defaultProps: { variant: 'light', radius: 'sm', tt: 'none', fw: 600 } },
    Tooltip: { defaultProps: { withArrow: true, events: { hover: true, focus: true, touch: true } } },
    Alert: { defaultProps: { variant: 'light', radius: 'md' } },
  },
});

/** Pale grounds with light words on them, where the library's own are nearly black. */
const onDark = (name: string, rgb: string, text: string): Record<string, string> => ({
  [`--mantine-color-${name}-light`]: `rgba(${rgb}, 0.16)`,
  [`--mantine-color-${name}-light-hover`]: `rgba(${rgb}, 0.24)`,
  [`--mantine-color-${name}-light-color`]: text,
});

/** White words on the library's own red have 3.8:1. */
const RED_UNDER_WHITE = {
  '--mantine-color-red-filled': '#c92a2a',
  '--mantine-color-red-filled-hover': '#b32424',
};

/** The library's quiet greys fall short of the 4.5:1 that small text needs. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    ...RED_UNDER_WHITE,
    '--mantine-color-body': '#ffffff',
    '--mantine-color-dimmed': '#566069',
    '--mantine-color-placeholder': '#6a737c',
    '--mantine-color-error': '#c92a2a',
    '--mantine-color-orange-light-color': '#a33b00',
    '--mantine-color-yellow-light-color': '#7a4f00',
    '--tessera-ground': '#f6f8f8',
    '--tessera-raised': '#ffffff',
    '--tessera-line': '#dfe4e6',
    '--tessera-code': '#edf1f2',
  },
  dark: {
    ...RED_UNDER_WHITE,
    '--mantine-color-body': '#1b1f22',
    '--mantine-color-text': '#dde3e6',
    '--mantine-color-dimmed': '#a2adb5',
    '--mantine-color-placeholder': '#8f9aa2',
    '--mantine-color-error': '#ff8787',
    '--tessera-ground': '#14181a',
    '--tessera-raised': '#1b1f22',
    '--tessera-line': '#333a3f',
    '--tessera-code': '#2b3135',
    ...onDark('tile', '75, 180, 168', '#8fd6cd'),
    ...onDark('red', '255, 107, 107', '#ffa8a8'),
    ...onDark('orange', '255, 146, 43', '#ffc078'),
    ...onDark('yellow', '252, 196, 25', '#ffe066'),
    ...onDark('indigo', '116, 143, 252', '#bac8ff'),
    ...onDark('gray', '173, 181, 189', '#ced4da'),
  },
});
