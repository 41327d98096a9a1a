// SPDX-License-Identifier: MIT
/**
 * A socket in a raw poller: the events to report, and the request of the AFD device that is under
 * way for it. A request tells once; how it is made anew is what makes a trigger:
 *
 *   level     for all that is wanted, before each wait: what still holds is reported at once
 *   edge      for what was not told yet; a call that would have to wait makes its direction untold
 *   oneshot   for nothing, once something was told, until `modify`
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

/** What "readable" and "writable" are made of; each ends with a call that would have to wait. */
const READS = C.AFD_POLL_RECEIVE | C.AFD_POLL_ACCEPT;
const WRITES = C.AFD_POLL_SEND;
/** Told whatever was asked for, as epoll does. */
const FAILURES = C.AFD_POLL_ABORT | C.AFD_POLL_CONNECT_FAIL;

/** See the top of this file. */
export class Watch implements OverlappedOwner {
  readonly fd: number;
  /** Whether it waits in the poller's list to be asked for. */
  listed = false;
  /** Its registration is over, or its socket closed. */
  gone = false;
  readonly #base: number;
  readonly #operation: Operation;
  readonly #info: Int32Array;
  #tag = 0;
  #trigger: Trigger = "level";
  /** Events to report, and which of them an edge or a oneshot has reported. */
  #wanted = 0;
  #told = 0;
  /** What the request under way asks for; 0 if none is. */
  #asked = 0;

  constructor(fd: number, base: number, operation: Operation) {
    this.fd = fd;
    this.#base = base;
    this.#operation = operation;
    this.#info = pollInfo(operation);
  }

  /** For {@linkcode OverlappedOwner}; a raw poller reports by itself. */
  get socket(): { readonly slot: number; readonly sequence: number } {
    return { slot: this.fd, sequence: this.#tag };
  }

  /** Whether a request is under way. */
  get asking(): boolean {
    return this.#asked !== 0;
  }

  /** The slot, to be given back when nothing is under way. */
  get operation(): Operation {
    return this.#operation;
  }

  /** Sets what is wanted from now on; a request that would not tell it all is ended early. */
  set(mode: number, trigger: Trigger, tag: number, afd: Afd): void {
    this.#tag = tag;
    this.#trigger = trigger;
    this.#told = 0;
    this.#wanted = FAILURES | C.AFD_POLL_LOCAL_CLOSE;
    if (mode & POLL_READ) this.#wanted |= READS | C.AFD_POLL_DISCONNECT;
    if (mode & POLL_WRITE) this.#wanted |= WRITES;
    this.#endUnless(this.#wanted, afd);
  }

  /** A call found that it would have to wait, or was about to: what ends that is news again. */
  blocked(mode: number, afd: Afd): void {
    if (this.#trigger !== "edge") return;
    this.#told &= ~(mode === POLL_READ ? READS : WRITES);
    this.#endUnless(this.#wanted & ~this.#told, afd);
  }

  /** Requests the events to report, unless they are requested already. 0 or minus an errno. */
  ask(afd: Afd): number {
    if (this.#asked !== 0) return 0;
    const events = this.#wanted & ~this.#told;
    this.#operation.prepare(this, 0);
    const done = afd.poll(this.#operation, this.#info, this.#base, events);
    if (done === 0) this.#asked = events;
    // A handle of nothing is that of a socket that was closed.
    else if (done === -EBADF) this.gone = true;
    return this.gone ? 0 : done;
  }

  /** Ends the registration. */
  end(afd: Afd): void {
    this.gone = true;
    if (this.#asked !== 0) afd.cancel(this.#operation);
  }

  /** See {@linkcode OverlappedOwner}: the events to report, as bits of POLL_READ and the others. */
  completed(operation: Operation): number {
    this.#asked = 0;
    const { errno } = operation;
    if (errno !== 0) {
      // Of a cancelled request nothing is known; whatever else fails, fails for good.
      if (errno !== ECANCELED) this.gone = true;
      return 0;
    }
    const events = this.#info[AFD_POLL_INFO.events] & this.#wanted & ~this.#told;
    if ((events & C.AFD_POLL_LOCAL_CLOSE) !== 0) this.gone = true;
    if (this.gone) return 0;
    if (this.#trigger === "edge") this.#told |= events;
    else if (this.#trigger === "oneshot" && events !== 0) this.#told = ~C.AFD_POLL_LOCAL_CLOSE;
    return modeOf(events);
  }

  /** Tells `sink`. */
  tell(mode: number, sink: RawSink): void {
    sink(this.fd, this.#tag, mode);
  }

  #endUnless(events: number, afd: Afd): void {
    if (this.#asked !== 0 && (events & ~this.#asked) !== 0) afd.cancel(this.#operation);
  }
}

/** As epoll tells it: a hang-up can always be read, and a connect that failed is writable. */
function modeOf(events: number): number {
  let mode = 0;
  if (events & (READS | C.AFD_POLL_DISCONNECT | FAILURES)) mode |= POLL_READ;
  if (events & (WRITES | C.AFD_POLL_CONNECT_FAIL)) mode |= POLL_WRITE;
  if (events & (C.AFD_POLL_DISCONNECT | FAILURES)) mode |= POLL_HANGUP;
  if (events & FAILURES) mode |= POLL_ERROR;
  return mode;
}
