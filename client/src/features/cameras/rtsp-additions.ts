import { rtspAddResponse } from '@choi-canh/shared/rtsp-cameras';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../lib/api.js';

const pollMs = 1500;

/** A running addition of cameras without ONVIF. */
export function useRtspAddition(id: string | undefined) {
  return useQuery({
    queryKey: ['rtsp-addition', id],
    enabled: id !== undefined,
    queryFn: ({ signal }) => api.get(`/api/cameras/rtsp-additions/${id ?? ''}`, { schema: rtspAddResponse, signal }),
    refetchInterval: (query) => (query.state.data?.state === 'running' ? pollMs : false),
  });
}
