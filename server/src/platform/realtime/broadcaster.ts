import type { Permission } from '@choi-canh/shared/permissions';
import type { ServerToClientEvents } from '@choi-canh/shared/realtime';

/** What features see of socket.io. */
export interface Broadcaster {
  /** To every socket that has the permission and whose area covers `areaId`. */
  toArea<E extends keyof ServerToClientEvents>(
    areaId: string,
    permission: Permission,
    event: E,
    ...args: Parameters<ServerToClientEvents[E]>
  ): void;
  /** To every socket that has the permission, whatever its area: for what belongs to no area. */
  toPermission<E extends keyof ServerToClientEvents>(
    permission: Permission,
    event: E,
    ...args: Parameters<ServerToClientEvents[E]>
  ): void;
  /** To every socket of one account. */
  toAccount<E extends keyof ServerToClientEvents>(
    accountId: string,
    event: E,
    ...args: Parameters<ServerToClientEvents[E]>
  ): void;
}
