// SPDX-License-Identifier: MIT
/** A UDP socket that a worker has for itself: the kernel distributes datagrams, by SO_REUSEPORT. */
import { listenPacket } from "../net/listen_packet.ts";
import type { UDPConn } from "../net/udp/udp.ts";
import type { Routine } from "../sched/goroutine.ts";
import { bodyOf } from "../sched/spawn.ts";
import { pack } from "../worker/error_codec.ts";
import type { ParentPort } from "../worker/parent_port.ts";
import type { ToWorker } from "../worker/protocol.ts";
import type { HandlerContext, PacketHandler } from "./handler.ts";

type Wish = ToWorker & { type: "listenPacket" };

/** See the top of this file. */
export class PacketWorker {
  readonly #main: ParentPort;
  readonly #handler: PacketHandler | null;
  readonly #context: HandlerContext;
  readonly #wish: Wish;
  #conn: UDPConn | null = null;
  #stopped = false;

  constructor(
    main: ParentPort,
    handler: PacketHandler | null,
    context: HandlerContext,
    wish: Wish,
  ) {
    this.#main = main;
    this.#handler = handler;
    this.#context = context;
    this.#wish = wish;
  }

  /** Opens the socket, reports that or why not, and runs the handler. Parks. */
  *run(): Routine<void> {
    const { listener, network, address, options } = this.#wish;
    const handler = this.#handler;
    let conn: UDPConn;
    try {
      if (handler === null) throw noHandler(this.#main.start.module);
      conn = yield* listenPacket(network, address, { ...options, reusePort: true });
    } catch (error) {
      this.#main.post({ type: "listening", listener, error: pack(error) });
      return;
    }
    using _ = this.#conn = conn;
    this.#main.post({ type: "listening", listener, error: null });
    if (this.#stopped) return;
    try {
      yield* bodyOf("serve packets", handler, [conn, this.#context]);
    } catch (error) {
      // A read that the close of the socket ended is no failure of the handler.
      if (!this.#stopped) throw error;
    }
  }

  /** Closes the socket: the handler's read fails, and the handler ends. */
  stop(): void {
    this.#stopped = true;
    this.#conn?.[Symbol.dispose]();
  }
}

function noHandler(module: string): TypeError {
  return new TypeError(
    `Cannot serve packets as ${module} must export handlePackets as a function*: current value is ` +
      "undefined",
  );
}
