// SPDX-License-Identifier: MIT
/**
 * A socket in a raw poller: the events to report, and its pending AFD request. A request reports
 * once; how it is renewed determines the trigger:
 *
 *   level     all wanted events, before each wait: those that still hold are reported at once
 *   edge      wanted events not reported yet; a call that would block re-arms its direction
 *   oneshot   none after a report, until `modify`
 */
import {
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
  type RawSink,
  type Trigger,
} from "../../contract/platform.ts";
import type { Afd } from "./afd.ts";
import { pollInfo } from "./afd.ts";
import type { Operation, OverlappedOwner } from "../iocp/overlapped_arena.ts";
import * as C from "../abi/constants.ts";
import { EBADF, ECANCELED } from "../abi/errno.ts";
import { AFD_POLL_INFO } from "../abi/structs.ts";

/** Events that count as readable and as writable; each ends with a call that would block. */
const READS = C.AFD_POLL_RECEIVE | C.AFD_POLL_ACCEPT;
const WRITES = C.AFD_POLL_SEND;
/** Always reported, as in epoll. */
const FAILURES = C.AFD_POLL_ABORT | C.AFD_POLL_CONNECT_FAIL;

/** See the top of this file. */
export class Watch implements OverlappedOwner {
  readonly fd: number;
  /** Whether it is in the poller's list of watches to request. */
  listed = false;
  /** Whether its registration has ended, or its socket is closed. */
  gone = false;
  readonly #base: number;
  readonly #operation: Operation;
  readonly #info: Int32Array;
  #tag = 0;
  #trigger: Trigger = "level";
  /** Events to report, and those that an edge or a oneshot has already reported. */
  #wanted = 0;
  #reported = 0;
  /** Events of the pending request; 0 without one. */
  #asked = 0;

  constructor(fd: number, base: number, operation: Operation) {
    this.fd = fd;
    this.#base = base;
    this.#operation = operation;
    this.#info = pollInfo(operation);
  }

  /** For {@linkcode OverlappedOwner}; unused, because a raw poller reports by itself. */
  get socket(): { readonly slot: number; readonly sequence: number } {
    return { slot: this.fd, sequence: this.#tag };
  }

  /** Whether a request is pending. */
  get asking(): boolean {
    return this.#asked !== 0;
  }

  /** The slot, to be freed when no request is pending. */
  get operation(): Operation {
    return this.#operation;
  }

  /** Sets the wanted events; cancels a pending request that would not report all of them. */
  set(mode: number, trigger: Trigger, tag: number, afd: Afd): void {
    this.#tag = tag;
    this.#trigger = trigger;
    this.#reported = 0;
    this.#wanted = FAILURES | C.AFD_POLL_LOCAL_CLOSE;
    if (mode & POLL_READ) this.#wanted |= READS | C.AFD_POLL_DISCONNECT;
    if (mode & POLL_WRITE) this.#wanted |= WRITES;
    this.#endUnless(this.#wanted, afd);
  }

  /** Marks the events of `mode` as unreported, after a call that would block. */
  blocked(mode: number, afd: Afd): void {
    if (this.#trigger !== "edge") return;
    this.#reported &= ~(mode === POLL_READ ? READS : WRITES);
    this.#endUnless(this.#wanted & ~this.#reported, afd);
  }

  /** Requests the events to report, unless they are already requested. 0 or minus an errno. */
  ask(afd: Afd): number {
    if (this.#asked !== 0) return 0;
    const events = this.#wanted & ~this.#reported;
    this.#operation.prepare(this, 0);
    const done = afd.poll(this.#operation, this.#info, this.#base, events);
    if (done === 0) this.#asked = events;
    // A null handle is that of a closed socket.
    else if (done === -EBADF) this.gone = true;
    return this.gone ? 0 : done;
  }

  /** Ends the registration. */
  end(afd: Afd): void {
    this.gone = true;
    if (this.#asked !== 0) afd.cancel(this.#operation);
  }

  /** See {@linkcode OverlappedOwner}: returns the events to report, as POLL_READ and other bits. */
  completed(operation: Operation): number {
    this.#asked = 0;
    const { errno } = operation;
    if (errno !== 0) {
      // A cancelled request has no result; any other failure is permanent.
      if (errno !== ECANCELED) this.gone = true;
      return 0;
    }
    const events = this.#info[AFD_POLL_INFO.events] & this.#wanted & ~this.#reported;
    if ((events & C.AFD_POLL_LOCAL_CLOSE) !== 0) this.gone = true;
    if (this.gone) return 0;
    if (this.#trigger === "edge") this.#reported |= events;
    else if (this.#trigger === "oneshot" && events !== 0) this.#reported = ~C.AFD_POLL_LOCAL_CLOSE;
    return modeOf(events);
  }

  /** Reports to `sink`. */
  tell(mode: number, sink: RawSink): void {
    sink(this.fd, this.#tag, mode);
  }

  #endUnless(events: number, afd: Afd): void {
    if (this.#asked !== 0 && (events & ~this.#asked) !== 0) afd.cancel(this.#operation);
  }
}

/** As epoll reports it: a hang-up is always readable, and a failed connect is writable. */
function modeOf(events: number): number {
  let mode = 0;
  if (events & (READS | C.AFD_POLL_DISCONNECT | FAILURES)) mode |= POLL_READ;
  if (events & (WRITES | C.AFD_POLL_CONNECT_FAIL)) mode |= POLL_WRITE;
  if (events & (C.AFD_POLL_DISCONNECT | FAILURES)) mode |= POLL_HANGUP;
  if (events & FAILURES) mode |= POLL_ERROR;
  return mode;
}
