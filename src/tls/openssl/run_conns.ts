// SPDX-License-Identifier: MIT
/**
 * Closes the TLS connections of a run that are over no descriptor when the run ends. Those over a
 * socket are closed with it.
 */
import { netpoll, type Wakeable } from "../../netpoll/netpoll.ts";
import type { RunOwner } from "../../sched/goroutine.ts";

const byRun = new WeakMap<RunOwner, RunConns>();

/** The open connections of one run. */
class RunConns implements Wakeable {
  readonly owner: RunOwner;
  readonly conns: Set<Disposable> = new Set();

  constructor(owner: RunOwner) {
    this.owner = owner;
  }

  woken(): null {
    return null;
  }

  close(): void {
    for (const conn of [...this.conns]) conn[Symbol.dispose]();
  }
}

/** Adds a connection to those that are closed together with `run`. */
export function closeWithRun(run: RunOwner, conn: Disposable): void {
  let own = byRun.get(run);
  if (own === undefined) byRun.set(run, own = new RunConns(run));
  if (own.conns.size === 0) netpoll.addWaker(own);
  own.conns.add(conn);
}

/** Removes a connection that is closed, or that no longer belongs to `run`. */
export function leaveRun(run: RunOwner, conn: Disposable): void {
  const own = byRun.get(run);
  if (own === undefined || !own.conns.delete(conn)) return;
  if (own.conns.size === 0) netpoll.removeWaker(own);
}
