// SPDX-License-Identifier: MIT
/** A connection's view of its server. */
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
  /** Result of a call that would block. */
  readonly again: number;
  /** Result of a call that a signal interrupted. */
  readonly interrupted: number;
  /** Reports the error of a handler. Throws nothing itself. */
  report(error: unknown, conn: EventConn<C> | null): void;
  /** Performs an action of the server; ignores others. Throws a TypeError for an invalid one. */
  act(action: Action | undefined | void): void;
  /** Called when a connection has ended. */
  left(conn: EventConn<C>): void;
}
