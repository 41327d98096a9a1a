// SPDX-License-Identifier: MIT
/**
 * Sockets without a port, which later queries connect from another. To open, to register and to
 * close a socket takes longer than to send a query and receive its response.
 */
import { scheduler } from "../sched/thread.ts";
import type { RunOwner } from "../sched/goroutine.ts";

/** Maximum number of idle sockets for each run and server. */
const MOST = 8;

/** Idle sockets of one server, by the run that owns them and closes them at its end. */
export class IdleSockets<S extends { readonly closed: boolean }> {
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
   * Returns a socket of the current run, or undefined. A goroutine that outlives the grace of its
   * run finds those that the run has closed, whose numbers may be another's by now.
   */
  take(): S | undefined {
    const all = this.#byRun.get(scheduler.current!.run);
    let socket = all?.pop();
    while (socket?.closed) socket = all!.pop();
    return socket;
  }
}
