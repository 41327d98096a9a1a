// SPDX-License-Identifier: MIT
/** Members of a connected `net.Socket` beyond those of a stream, with its behavior. */
import { nodeProcess } from "../../platforms/contract/host.ts";
import type { Duplex } from "node:stream";
import { type Addr, TCPAddr } from "../net/addr/addr.ts";
import type { Conn } from "../net/net.ts";
import { ClosedError } from "../fd/errors.ts";
import { IdleTimer } from "./idle_timer.ts";

/** The connection below a stream, with its byte counters. */
export interface ActiveConn {
  readonly conn: Conn;
  /** Number of bytes read so far. */
  readonly bytesRead: number;
  /** Number of bytes received from the stream so far, and of those not written yet. */
  readonly bytesWritten: number;
  readonly unwritten: number;
  /** Whether the connection is reset when the stream is destroyed. */
  resets: boolean;
  /** Sets whether a pending read keeps the process alive. */
  hold(on: boolean): void;
  /** Called on every read and write. */
  onActivity: () => void;
}

/** Longest idle time before the first keep-alive probe that a kernel accepts, in seconds. */
const LONGEST_IDLE_S = 32767;

/** Adds the members of a `net.Socket` to `stream`, and returns it. */
export function addNetSocketMethods(stream: Duplex, pump: ActiveConn): Duplex {
  const idle = new IdleTimer(stream);
  pump.onActivity = () => idle.restart();
  const { conn } = pump;
  const groups = [addresses(stream, conn), setters(stream, pump, idle), ends(stream, pump)];
  for (const members of [...groups, states(stream, pump)]) {
    Object.defineProperties(stream, Object.getOwnPropertyDescriptors(members));
  }
  return stream;
}

function addresses(stream: Duplex, { localAddr, remoteAddr }: Conn): object {
  const local = nodeAddress(localAddr);
  return {
    ...named("local", local),
    ...named("remote", nodeAddress(remoteAddr)),
    address: () => stream.destroyed ? {} : { ...local },
  };
}

function setters(stream: Duplex, pump: ActiveConn, idle: IdleTimer): object {
  const { conn } = pump;
  return {
    setNoDelay(on: unknown = true): Duplex {
      return quietly(stream, () => conn.setNoDelay(Boolean(on)));
    },
    setKeepAlive(on: unknown = false, initialDelay: unknown = 0): Duplex {
      return quietly(stream, () => conn.setKeepAlive(keepAlive(Boolean(on), initialDelay)));
    },
    setTimeout(ms: number, listener?: () => void): Duplex {
      if (stream.destroyed) return stream;
      idle.set(ms);
      if (listener === undefined) return stream;
      return idle.ms === 0 ? stream.off("timeout", listener) : stream.once("timeout", listener);
    },
    get timeout(): number | undefined {
      return idle.ms;
    },
    ref(): Duplex {
      pump.hold(true);
      return stream;
    },
    unref(): Duplex {
      pump.hold(false);
      return stream;
    },
  };
}

/** Members about connecting, which is already done, and about ending. */
function ends(stream: Duplex, pump: ActiveConn): object {
  const destroySoon = () => {
    if (stream.writable) stream.end();
    if (stream.writableFinished) stream.destroy();
    else stream.once("finish", () => stream.destroy());
  };
  return {
    connect(...args: unknown[]): Duplex {
      if (stream.destroyed) throw new ClosedError();
      const listener = args.at(-1);
      if (typeof listener === "function") stream.once("connect", listener as () => void);
      nodeProcess().nextTick(() => {
        if (stream.destroyed) return;
        stream.emit("connect");
        stream.emit("ready");
      });
      return stream;
    },
    destroySoon,
    resetAndDestroy(): Duplex {
      pump.resets = true;
      return stream.destroy();
    },
  };
}

function states(stream: Duplex, pump: ActiveConn): object {
  return {
    connecting: false,
    get pending(): boolean {
      return stream.destroyed;
    },
    get readyState(): string {
      if (stream.readable && stream.writable) return "open";
      if (stream.readable) return "readOnly";
      return stream.writable ? "writeOnly" : "closed";
    },
    get bytesRead(): number {
      return pump.bytesRead;
    },
    get bytesWritten(): number {
      return pump.bytesWritten + Math.max(0, stream.writableLength - pump.unwritten);
    },
  };
}

/** Ignores failures, like the setters of `node:net`. */
function quietly(stream: Duplex, set: () => void): Duplex {
  if (stream.destroyed) return stream;
  try {
    set();
  } catch {
    // The connection is closed, or has no such setting.
  }
  return stream;
}

/** Converts to whole seconds, as in `node:net`; an out-of-range delay becomes the default. */
function keepAlive(on: boolean, initialDelay: unknown): boolean | { idle: number } {
  const seconds = ~~(Number(initialDelay) / 1000);
  return on && seconds > 0 && seconds <= LONGEST_IDLE_S ? { idle: seconds * 1000 } : on;
}

/** An address in the form of `node:net`. */
interface NodeAddress {
  readonly address?: string;
  readonly port?: number;
  readonly family?: "IPv4" | "IPv6";
}

function nodeAddress(addr: Addr): NodeAddress {
  if (!(addr instanceof TCPAddr)) return {};
  const { ip, port } = addr;
  return { address: ip, port, family: ip.includes(":") ? "IPv6" : "IPv4" };
}

/** Returns "remoteAddress", "remotePort" and "remoteFamily", or those of the local side. */
function named(side: "local" | "remote", { address, port, family }: NodeAddress): object {
  if (address === undefined) return {};
  return { [`${side}Address`]: address, [`${side}Port`]: port, [`${side}Family`]: family };
}
