// SPDX-License-Identifier: MIT
/**
 * Sockets without a port, which later queries connect from another, to any server: they belong to a
 * run, and not to a resolver or a server, of which a run may use many, each for a short time. To open,
 * to register and to close a socket takes longer than to send a query and receive its response.
 */
import { scheduler } from "../sched/thread.ts";
import type { RunOwner } from "../sched/goroutine.ts";

/** Maximum number of idle sockets of a run. */
const MOST = 8;

/** A socket that may be kept. */
export interface IdleSocket {
  readonly closed: boolean;
  /** Length in bytes of the IP addresses that it can be connected to. */
  readonly ipLength: number;
}

/** Idle sockets by the run that owns them and closes them at its end. */
export class IdleSockets<S extends IdleSocket> {
  readonly #byRun = new WeakMap<RunOwner, S[]>();

  /** Whether the current run may keep another one. */
  get hasRoom(): boolean {
    return (this.#byRun.get(scheduler.current!.run)?.length ?? 0) < MOST;
  }

  /** Keeps a socket of the current run. */
  put(socket: S): void {
    const { run } = scheduler.current!;
    const all = this.#byRun.get(run);
    if (all === undefined) this.#byRun.set(run, [socket]);
    else all.push(socket);
  }

  /**
   * Returns a socket of the current run for addresses of `ipLength` bytes, or undefined. A goroutine
   * that outlives the grace of its run finds those that the run has closed, whose numbers may be
   * another's by now.
   */
  take(ipLength: number): S | undefined {
    const all = this.#byRun.get(scheduler.current!.run) ?? [];
    const last = all.findLastIndex((socket) => socket.ipLength === ipLength && !socket.closed);
    return last < 0 ? undefined : all.splice(last, 1)[0];
  }
}
