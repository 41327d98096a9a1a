// SPDX-License-Identifier: MIT
/** Unix datagram sockets. Go: net/unixsock.go, type UnixConn. */
import { needObject, shown } from "../../validate/argument.ts";
import type { SocketName } from "../../../platforms/contract/packets.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { registerState } from "../../sched/thread_state.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import { DatagramConn } from "../socket/datagram_conn.ts";
import type { UnixgramConn, UnixMessage, UnixSendInfo } from "./unix.ts";
import { UNIX_NAMERS, UnixAddr, unixName } from "../addr/unix_addr.ts";
import type { UnixFD } from "./unix_fd.ts";
import { checkFds, readMsg, sendMsg } from "./unix_message.ts";
import { notesCalls } from "../../sched/noted_methods.ts";

const NAMELESS = new UnixAddr("@", "unixgram");

/** Addresses received with a datagram: a reply to a remote peer never prompts. */
let received = new WeakSet<UnixAddr>();

registerState("senders of Unix datagrams", {
  fresh: () => new WeakSet<UnixAddr>(),
  save: () => received,
  restore: (state) => received = state,
});

/** See {@linkcode UnixgramConn}. */
export class UnixgramSocket extends DatagramConn<UnixAddr> implements UnixgramConn {
  /** @internal */
  declare protected readonly netFD: UnixFD;
  /** Kernel address of the last sender: usually the next datagram has the same. */
  #lastBytes = new Uint8Array(0);
  #lastAddr = NAMELESS;
  /** Last destination, and its kernel address. */
  #lastTo: UnixAddr | null = null;
  #lastForm: RawAddress | null = null;

  /** @internal */
  constructor(fd: UnixFD) {
    super(fd);
  }

  /** See {@linkcode UnixMessages.readMsgUnix}. */
  readMsgUnix(p: Uint8Array, cancel?: Cancel): Routine<UnixMessage> {
    // Never null: a datagram socket has no end of stream.
    const call = readMsg(this.netFD, p) as Routine<UnixMessage>;
    return this.netFD.cancellable("read", call, cancel);
  }

  /** See {@linkcode UnixMessages.writeMsgUnix}. */
  writeMsgUnix(p: Uint8Array, info: UnixSendInfo, cancel?: Cancel): Routine<number> {
    needObject("write", "info", info);
    const { fds = [], addr } = info;
    checkFds(this.netFD, p, fds);
    const call = this.#writeMsg(p, fds, addr);
    return this.netFD.cancellable("write", call, cancel, { bytesWritten: 0 });
  }

  *#writeMsg(p: Uint8Array, fds: readonly number[], addr?: UnixAddr): Routine<number> {
    if (addr === undefined) return yield* sendMsg(this.netFD, p, fds, null);
    try {
      return yield* sendMsg(this.netFD, p, fds, this.destination(addr));
    } catch (error) {
      throw this.addressed(error, addr);
    }
  }

  /** @internal */
  protected override nameAddr({ words, at, length }: SocketName): UnixAddr {
    if (length === 0) return NAMELESS;
    const bytes = new Uint8Array(words.buffer as ArrayBuffer, words.byteOffset + at * 4, length);
    if (!same(this.#lastBytes, bytes)) {
      this.#lastBytes = bytes.slice();
      this.#lastAddr = UNIX_NAMERS.unixgram(this.#lastBytes);
      received.add(this.#lastAddr);
    }
    return this.#lastAddr;
  }

  /** @internal */
  protected override encode(addr: UnixAddr): RawAddress {
    if (addr !== this.#lastTo || this.#lastForm === null) {
      if (!(addr instanceof UnixAddr)) {
        throw new TypeError(
          `Cannot send as addr must be a UnixAddr: current value is ${shown(addr)}`,
        );
      }
      this.#lastForm = unixName(addr.name, !received.has(addr)).raw;
      this.#lastTo = addr;
    }
    return this.#lastForm;
  }

  /** @internal */
  protected override get nowhere(): UnixAddr {
    return NAMELESS;
  }

  /**
   * The kernel does not report when an unconnected peer has room again; and each failed send causes
   * an event of its own, so that following the events would retry for ever.
   *
   * @internal
   */
  protected override get deaf(): boolean {
    return true;
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

notesCalls(UnixgramSocket.prototype, "conn", "readMsgUnix", "writeMsgUnix");
