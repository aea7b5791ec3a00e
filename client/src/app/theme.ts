import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

/** Blue of a night sky: primary actions. State colours are variables of their own, below. */
const watch: MantineColorsTuple = [
  '#edf5fa',
  '#dbe7ef',
  '#b3cddd',
  '#88b1cb',
  '#659abc',
  '#4f8bb2',
  '#3a79a3',
  '#28658d',
  '#14567d',
  '#0b4264',
];

export const theme = createTheme({
  fontFamily: "'Be Vietnam Pro', system-ui, sans-serif",
  fontFamilyMonospace: 'ui-monospace, monospace',
  headings: { fontFamily: "'Be Vietnam Pro', system-ui, sans-serif", fontWeight: '600' },
  fontSizes: { xs: '13px', sm: '14px', md: '15px', lg: '17px', xl: '20px' },
  defaultRadius: 'md',
  primaryColor: 'watch',
  primaryShade: { light: 8, dark: 6 },
  colors: { watch },
  focusRing: 'auto',
  cursorType: 'pointer',
  components: {
    // Targets of at least 40 px and text of at least 15 px everywhere, without saying so at each place.
    Button: { defaultProps: { size: 'md', fz: 'md', h: 40 } },
    ActionIcon: { defaultProps: { size: 40, variant: 'subtle' } },
    CloseButton: { defaultProps: { size: 40, iconSize: 20 } },
    TextInput: { defaultProps: { size: 'md' } },
    PasswordInput: { defaultProps: { size: 'md' } },
    NumberInput: { defaultProps: { size: 'md' } },
    Textarea: { defaultProps: { size: 'md' } },
    Checkbox: { defaultProps: { size: 'md' } },
    Switch: { defaultProps: { size: 'md' } },
    Radio: { defaultProps: { size: 'md' } },
    SegmentedControl: { defaultProps: { size: 'md' } },
    Modal: {
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.5 } },
      styles: { title: { fontWeight: 600, fontSize: 17, lineHeight: 1.3 } },
    },
    // Its placeholder is a child that a menu may not have; the first entry gets the focus instead.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Drawer: { styles: { title: { fontWeight: 600, fontSize: 17 } } },
    Table: { defaultProps: { fz: 'sm', verticalSpacing: 'sm' } },
    Tooltip: { defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: true }, multiline: true } },
    // Clipped, not hidden: that would be a scroll container, in which the buttons of a form could not stick.
    Card: { styles: { root: { backgroundColor: 'var(--surface)', borderColor: 'var(--line)', overflow: 'clip' } } },
    Text: { defaultProps: { size: 'md' } },
    // What is said below a field is read with it.
    InputWrapper: {
      vars: () => ({
        label: {},
        description: { '--input-description-size': '14px' },
        error: { '--input-error-size': '14px' },
      }),
    },
  },
});

/**
 * Text on the tint of its own colour (badges, alerts), white on a full colour (buttons), and the text of errors: at
 * least 4.5:1 each, which the library's own shades are not.
 */
const readable = {
  light: {
    '--mantine-color-error': '#c2330a',
    '--mantine-color-red-light-color': '#a61e1e',
    '--mantine-color-orange-light-color': '#a33a00',
    '--mantine-color-yellow-light-color': '#7a4b00',
    '--mantine-color-teal-light-color': '#06664a',
    '--mantine-color-blue-light-color': '#155a96',
    '--mantine-color-red-filled': '#c92a2a',
    '--mantine-color-red-filled-hover': '#b02525',
    '--mantine-color-teal-filled': '#067453',
    '--mantine-color-teal-filled-hover': '#06664a',
  },
  dark: {
    '--mantine-color-error': '#ff8a66',
    '--mantine-color-red-filled': '#c92a2a',
    '--mantine-color-red-filled-hover': '#b02525',
    '--mantine-color-teal-filled': '#067453',
    '--mantine-color-teal-filled-hover': '#06664a',
  },
};

/** State colours hold 4.5:1 on their background; shape and word always go with them (StateBadge). */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {
    '--rail-width': '216px',
    '--bar-height': '56px',
    '--away-bar-height': '48px',
    '--bottom-bar-height': '60px',
  },
  light: {
    ...readable.light,
    '--state-alive': '#00796b',
    '--state-degraded': '#8a5a00',
    '--state-down': '#c2330a',
    '--state-paused': '#5b6570',
    '--state-unknown': '#5b6570',
    '--state-maintenance': '#1f5fbf',
    '--surface': '#ffffff',
    '--surface-sunken': '#f2f5f7',
    '--line': '#d9e0e5',
    '--mantine-color-dimmed': '#55616b',
  },
  dark: {
    ...readable.dark,
    '--state-alive': '#3ecfb6',
    '--state-degraded': '#f0b542',
    '--state-down': '#ff8a66',
    '--state-paused': '#a5afb8',
    '--state-unknown': '#a5afb8',
    '--state-maintenance': '#82b1ff',
    '--surface': '#1c2227',
    '--surface-sunken': '#14191d',
    '--line': '#333c44',
    '--mantine-color-dimmed': '#a5afb8',
    '--mantine-color-body': '#1c2227',
  },
});
