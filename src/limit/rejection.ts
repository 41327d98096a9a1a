// SPDX-License-Identifier: MIT
/** Refuses a connection, with a reply if there is one, at a bounded cost. */
import { platform } from "../../platforms/platform.ts";
import { lingerClose } from "../net/socket/lossless_close.ts";
import { scheduler } from "../sched/thread.ts";

/** Time that a refused peer has to read its reply, in milliseconds. */
const READ_MS = 1000;
/**
 * Maximum number of refused connections kept open for that; beyond it, a peer may lose its reply.
 */
const MOST_OPEN = 128;

/** See the top of this file. */
export class Rejection {
  readonly #reply: Uint8Array | null;
  #open = 0;

  constructor(reply: Uint8Array | null) {
    this.#reply = reply;
  }

  /**
   * Sends the reply to the peer of `sysfd`, whose host is `address`, and closes it. `freed` is
   * called once, when the descriptor is closed.
   */
  refuse(sysfd: number, address: string, freed: () => void): void {
    const { sockets } = platform();
    const reply = this.#reply;
    // A new socket accepts a reply whole, or nothing because its peer is gone.
    if (reply === null || reply.length === 0 || sockets.send(sysfd, reply, reply.length) <= 0) {
      sockets.close(sysfd);
      freed();
    } else if (this.#open >= MOST_OPEN) {
      sockets.shutdown(sysfd, "write");
      sockets.close(sysfd);
      freed();
    } else {
      this.#open++;
      lingerClose(sysfd, scheduler.current?.run ?? null, {
        timeout: READ_MS,
        address: () => address,
        freed: () => {
          this.#open--;
          freed();
        },
      });
    }
  }
}
