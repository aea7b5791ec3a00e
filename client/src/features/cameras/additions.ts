import {
  cameraAddResponse,
  discoveryResponse,
  type CameraAddResponse,
  type DiscoveryResponse,
} from '@choi-canh/shared/cameras';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../../lib/api.js';
import { useSocketEvent } from '../../lib/socket.js';

const pollMs = 1500;

/** A running search, by socket where that works and by asking again where it does not. */
export function useDiscovery(id: string | undefined) {
  const client = useQueryClient();
  useSocketEvent('discovery.progress', (discovery) => {
    client.setQueryData<DiscoveryResponse>(['discovery', discovery.id], discovery);
  });
  return useQuery({
    queryKey: ['discovery', id],
    enabled: id !== undefined,
    queryFn: ({ signal }) => api.get(`/api/discoveries/${id ?? ''}`, { schema: discoveryResponse, signal }),
    refetchInterval: (query) => (query.state.data?.state === 'running' ? pollMs : false),
  });
}

export function useAddition(id: string | undefined) {
  const client = useQueryClient();
  useSocketEvent('camera.add', (addition) => {
    client.setQueryData<CameraAddResponse>(['addition', addition.id], addition);
  });
  return useQuery({
    queryKey: ['addition', id],
    enabled: id !== undefined,
    queryFn: ({ signal }) => api.get(`/api/cameras/additions/${id ?? ''}`, { schema: cameraAddResponse, signal }),
    refetchInterval: (query) => (query.state.data?.state === 'running' ? pollMs : false),
  });
}
