import { Alert, Stack, Text } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { Translation } from 'react-i18next';
import { TechnicalDetail } from '../components/technical-detail.js';
import { ReloadButton } from './reload-button.js';

interface Props {
  children: ReactNode;
  /** A new value (another page) forgets the error. */
  resetKey: string;
}

/** A defect in one page leaves the rail and the other pages usable. */
export class RouteErrorBoundary extends Component<Props, { error: unknown; resetKey: string }> {
  constructor(props: Props) {
    super(props);
    this.state = { error: undefined, resetKey: props.resetKey };
  }

  static getDerivedStateFromError(error: unknown) {
    return { error: error ?? new Error('unknown') };
  }

  static getDerivedStateFromProps(props: Props, state: { error: unknown; resetKey: string }) {
    return props.resetKey === state.resetKey ? null : { error: undefined, resetKey: props.resetKey };
  }

  override componentDidCatch(error: unknown) {
    console.error('page failed', error);
  }

  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <Translation>
        {(t) => (
          <Alert color="red" title={t('error.pageTitle')} role="alert">
            <Stack gap="sm" align="flex-start">
              <Text>{t('error.pageText')}</Text>
              <ReloadButton />
              <TechnicalDetail detail={error instanceof Error ? error.message : String(error)} />
            </Stack>
          </Alert>
        )}
      </Translation>
    );
  }
}
