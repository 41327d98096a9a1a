// SPDX-License-Identifier: MIT
/** Accepts on a listener: which errors end an accept, and which are passed over. Go: FD.Accept. */
import { platform } from "../../platforms/platform.ts";
import { POLL_OK } from "../netpoll/poll_state.ts";
import { scheduler } from "../sched/thread.ts";
import { AcceptBackoff } from "./accept_backoff.ts";
import { counters } from "./counters.ts";
import type { FD } from "./fd.ts";
import { cutLingering } from "./lingering.ts";

/** Errors that accept(2) reports on Linux for a connection that failed while queued. */
const OF_THE_NETWORK = new Set([
  "ENETDOWN",
  "ENETUNREACH",
  "ENONET",
  "ENOPROTOOPT",
  "EHOSTDOWN",
  "EHOSTUNREACH",
]);

/** The accepts of one listener. */
export class Accepting {
  readonly #fd: FD;
  /** Back-off while descriptors are exhausted; null otherwise. */
  #exhausted: AcceptBackoff | null = null;

  constructor(fd: FD) {
    this.#fd = fd;
  }

  /** Accepts a queued connection; returns null if there is none. */
  next(): number | null {
    const fd = this.#fd;
    const { errno } = platform();
    if (fd.closed) throw fd.closedError("accept");
    const pd = fd.pd!;
    if (pd.readState !== POLL_OK) throw fd.stateError("accept", pd.readState);
    while (pd.rready && !this.#exhausted?.waiting) {
      const accepted = fd.sockets.accept(fd.sysfd);
      if (accepted >= 0) {
        this.#exhausted = null;
        return accepted;
      }
      switch (-accepted) {
        case errno.EAGAIN:
          pd.rready = false;
          counters.again++;
          break;
        case errno.EINTR:
        // The peer was gone before its turn: not an error of the caller.
        case errno.ECONNABORTED:
        case errno.EPROTO:
          break;
        case errno.EMFILE:
        case errno.ENFILE:
        case errno.ENOBUFS:
        case errno.ENOMEM:
          if (cutLingering(() => true)) break;
          this.#backOff();
          break;
        default:
          if (OF_THE_NETWORK.has(platform().errnoText(-accepted).name)) break;
          throw fd.failedCall("accept", -accepted, fd.sockets.acceptName);
      }
    }
    return null;
  }

  /** Has those who wait in an accept try again. */
  tryAgain(): void {
    const { pd } = this.#fd;
    const g = pd!.unparkReader();
    if (g !== null) scheduler.ready(g);
    pd!.tell("read");
  }

  /** Ends the back-off: the listener is closed. */
  end(): void {
    this.#exhausted?.end();
  }

  #backOff(): void {
    const { sockets, sysfd } = this.#fd;
    this.#exhausted ??= new AcceptBackoff(sockets, sysfd, () => this.tryAgain());
    this.#exhausted.begin();
  }
}
