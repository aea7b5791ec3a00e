import { accountListResponse } from '@choi-canh/shared/accounts';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../lib/api.js';

export const accountsKey = ['accounts'] as const;

export function useAccounts(enabled = true) {
  return useQuery({
    queryKey: accountsKey,
    enabled,
    queryFn: ({ signal }) => api.get('/api/accounts', { schema: accountListResponse, signal }),
  });
}
