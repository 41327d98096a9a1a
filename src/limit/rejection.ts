// SPDX-License-Identifier: MIT
/** Turning a connection away, with a word if there is one, and at a bounded cost. */
import { platform } from "../../platforms/platform.ts";
import { lingerClose } from "../net/socket/lossless_close.ts";
import { scheduler } from "../sched/thread.ts";

/** How long a refused peer may take to read its reply, in milliseconds. */
const READ_MS = 1000;
/** Refused connections that are open for that; of more, a peer may lose its reply. */
const MOST_OPEN = 128;

/** See the top of this file. */
export class Rejection {
  readonly #reply: Uint8Array | null;
  #open = 0;

  constructor(reply: Uint8Array | null) {
    this.#reply = reply;
  }

  /**
   * Sends the reply to the peer of `sysfd`, whose host is `address`, and closes it. `freed` is called
   * once, when the number is free.
   */
  refuse(sysfd: number, address: string, freed: () => void): void {
    const { sockets } = platform();
    const reply = this.#reply;
    // A socket that is new takes a reply whole, or it takes nothing and its peer is gone.
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
        address,
        freed: () => {
          this.#open--;
          freed();
        },
      });
    }
  }
}
