import { cameraSightingsResponse } from '@choi-canh/shared/cameras';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../lib/api.js';
import { sightingsKey } from '../../lib/camera-cache.js';
import { useSession } from '../../lib/session.js';

/** Devices at other addresses that say that they are cameras, until a person answers; for who may answer. */
export function useSightings() {
  const session = useSession();
  return useQuery({
    queryKey: sightingsKey,
    enabled: session.can('camera.manage'),
    queryFn: ({ signal }) => api.get('/api/camera-sightings', { schema: cameraSightingsResponse, signal }),
    staleTime: 30_000,
  });
}
