import type { QueryClient } from '@tanstack/react-query';

export const camerasKey = ['cameras'] as const;
export const retiredCamerasKey = ['cameras', 'retired'] as const;
/** Devices that were found elsewhere in the names of cameras. */
export const sightingsKey = ['camera-sightings'] as const;
export const cameraKey = (cameraId: string) => ['camera', cameraId] as const;

/** Whatever is cached of cameras is loaded again. */
export function invalidateCameras(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: camerasKey });
  void client.invalidateQueries({ queryKey: ['camera'] });
  void client.invalidateQueries({ queryKey: ['camera-history'] });
  void client.invalidateQueries({ queryKey: sightingsKey });
}
