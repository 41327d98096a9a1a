// SPDX-License-Identifier: MIT
/** A stream socket with all that may be under way on it. */
import type { IntOption } from "../types.ts";
import type { Acceptor } from "./acceptor.ts";
import type { Connector } from "./connector.ts";
import { SocketHandle } from "./handle.ts";
import { Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";

/** See the top of this file. */
export class StreamSocket extends SocketHandle {
  readonly receiver: Receiver = new Receiver(this);
  readonly sender: Sender = new Sender(this);
  /** What a connecting socket has. */
  connector: Connector | null = null;
  /** What a listener has. */
  acceptor: Acceptor | null = null;
  /** What was set on a listener, for the connections that it accepts. */
  readonly options: Map<IntOption, number> = new Map();

  /** Whether a call in this direction would not have to wait; if it would, `poll` will report it. */
  ready(direction: "read" | "write"): boolean {
    if (direction === "write") return this.sender.ready();
    return this.acceptor !== null ? this.acceptor.ready() : this.receiver.ready();
  }

  /** Asks for what only waits for the peer to end. */
  cancelWaits(): void {
    this.receiver.cancel();
    this.acceptor?.cancel();
  }

  /** It is closed: nothing of it is kept. */
  discard(): void {
    this.closed = true;
    this.receiver.discard();
    this.acceptor?.discard();
  }
}
