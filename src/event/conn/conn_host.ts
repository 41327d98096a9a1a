// SPDX-License-Identifier: MIT
/** What the connections of a server need of it. */
import type { SocketCalls } from "../../../platforms/contract/platform.ts";
import type { Action } from "../api/action.ts";
import type { Events } from "../api/events.ts";
import type { Settings } from "../api/settings.ts";
import type { EventConn } from "../api/conn.ts";

/** See the top of this file. */
export interface ConnHost<C> {
  readonly events: Events<C>;
  readonly settings: Settings;
  readonly sockets: SocketCalls;
  /** What a call that would have to wait answers. */
  readonly again: number;
  /** What a call that a signal interrupted answers. */
  readonly interrupted: number;
  /** A handler threw. Throws nothing itself. */
  report(error: unknown, conn: EventConn<C> | null): void;
  /** An action that concerns the server; others are left alone. Throws a TypeError for what is none. */
  act(action: Action | undefined | void): void;
  /** A connection has ended. */
  left(conn: EventConn<C>): void;
}
