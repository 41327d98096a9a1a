// SPDX-License-Identifier: MIT
/** What clients ask a socket of `node:net` for, beyond a stream's own methods. */
import { clearTimeout, setTimeout } from "node:timers";
import type { Duplex } from "node:stream";
import { type Addr, TCPAddr } from "../net/addr/addr.ts";
import type { Conn } from "../net/net.ts";

/** The connection below a stream, and where its activity is reported. */
export interface ActiveConn {
  readonly conn: Conn;
  /** Called at every read and write. */
  onActivity: () => void;
}

/** Adds the methods of a `net.Socket` to `stream`, and returns it. */
export function addNetSocketMethods(stream: Duplex, pump: ActiveConn): Duplex {
  const { conn } = pump;
  const { localAddr, remoteAddr } = conn;
  const idle = new IdleTimer(stream);
  pump.onActivity = () => idle.restart();
  return Object.assign(stream, {
    ...ends("local", localAddr),
    ...ends("remote", remoteAddr),
    connecting: false,
    setNoDelay(on = true): Duplex {
      conn.setNoDelay(on);
      return stream;
    },
    setKeepAlive(on = false, idleTime = 0): Duplex {
      conn.setKeepAlive(on && idleTime > 0 ? { idle: idleTime } : on);
      return stream;
    },
    setTimeout(ms: number, listener?: () => void): Duplex {
      if (listener !== undefined) stream.once("timeout", listener);
      idle.set(ms);
      return stream;
    },
    // A goroutine that reads keeps the process alive, as does whoever waits for it.
    ref: () => stream,
    unref: () => stream,
  });
}

/** An end as `node:net` tells it: "remoteAddress", "remotePort", "remoteFamily". */
function ends(side: "local" | "remote", addr: Addr): Record<string, unknown> {
  if (!(addr instanceof TCPAddr)) return {};
  return {
    [`${side}Address`]: addr.ip,
    [`${side}Port`]: addr.port,
    [`${side}Family`]: addr.ip.includes(":") ? "IPv6" : "IPv4",
  };
}

/** Tells of a stream on which nothing has moved for a while. */
class IdleTimer {
  readonly #stream: Duplex;
  #ms = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.once("close", () => this.set(0));
  }

  /** Emits "timeout" after `ms` milliseconds without a byte; 0 never. */
  set(ms: number): void {
    this.#ms = ms;
    this.restart();
  }

  /** Something has moved. */
  restart(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#ms <= 0) return;
    this.#timer = setTimeout(() => this.#stream.emit("timeout"), this.#ms);
    this.#timer.unref();
  }
}
