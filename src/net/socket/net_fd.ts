// SPDX-License-Identifier: MIT
/** A descriptor with its network and addresses, which its errors include. Go: net/fd_posix.go. */
import { unpackAddress } from "../../../platforms/shared/packed_address.ts";
import { platform } from "../../../platforms/platform.ts";
import type { IntOption, RawAddress } from "../../../platforms/contract/platform.ts";
import { FD, type FdOp } from "../../fd/fd.ts";
import { SyscallError } from "../../fd/errors.ts";
import type { Addr } from "../addr/addr.ts";
import { OpError } from "../errors.ts";
import type { RunOwner } from "../../sched/goroutine.ts";
import { descriptorOf } from "./descriptor.ts";
import { noteShared } from "../../fd/shared_numbers.ts";
import { DEFAULT_LINGER_MS, lingerClose } from "./lossless_close.ts";

/** Non-default behavior of close. Most descriptors have none. */
class Ending {
  /** Seconds that `close` keeps sending, or null for no limit. */
  linger: number | null = null;
  /** See {@linkcode TCPOptions}. */
  lingerTimeout = DEFAULT_LINGER_MS;
  /** Whether close does not wait for the peer. */
  atOnce = false;
  /** Whether others share the descriptor. */
  shared = false;
  /** See {@linkcode NetFD.onFreed}. */
  onFreed: (() => void) | null = null;
  /** See {@linkcode NetFD.onLingering}. */
  onLingering: (() => void) | null = null;
}

/**
 * Returns the key by which peers are counted: the address without the port, "" if there is none.
 */
export function hostOf(addr: Addr | null): string {
  return (addr as { readonly ip?: string } | null)?.ip ?? "";
}

/** Returns the `lingerTimeout` of `conn`; the default if it has no descriptor. */
export function lingerTimeoutOf(conn: unknown): number {
  const fd = descriptorOf(conn);
  return fd instanceof NetFD ? fd.lingerTimeout : DEFAULT_LINGER_MS;
}

/** See the top of this file. */
export abstract class NetFD<A extends Addr> extends FD {
  /** "tcp", "udp6", "unix". */
  readonly net: string;
  #localAddr: A | null = null;
  /** Remote address, packed until first read. */
  #remoteAddr: A | number | null = null;
  #ending: Ending | null = null;

  constructor(sysfd: number, net: string) {
    super(sysfd);
    this.net = net;
  }

  /** Decodes a kernel address of this network. */
  abstract nameOf(raw: RawAddress): A;

  /** Local address; read from the kernel at first use, and at the latest on close. */
  get localAddr(): A | null {
    if (this.#localAddr === null && !this.closed) {
      const raw = this.sockets.localAddress(this.sysfd);
      if (typeof raw !== "number") this.#localAddr = this.nameOf(raw);
    }
    return this.#localAddr;
  }

  /** Called once, when the descriptor is closed: after a lingering close, at its end. */
  get onFreed(): (() => void) | null {
    return this.#ending === null ? null : this.#ending.onFreed;
  }

  set onFreed(callback: (() => void) | null) {
    (this.#ending ??= new Ending()).onFreed = callback;
  }

  /** Called on close if the connection then lingers. */
  get onLingering(): (() => void) | null {
    return this.#ending === null ? null : this.#ending.onLingering;
  }

  set onLingering(f: (() => void) | null) {
    (this.#ending ??= new Ending()).onLingering = f;
  }

  /** Maximum time in milliseconds that `close` waits for acknowledgements. */
  get lingerTimeout(): number {
    return this.#ending === null ? DEFAULT_LINGER_MS : this.#ending.lingerTimeout;
  }

  set lingerTimeout(ms: number) {
    (this.#ending ??= new Ending()).lingerTimeout = ms;
  }

  /** Whether close is a bare close(2), even if the peer may lose data. */
  get abrupt(): boolean {
    return this.#ending !== null && (this.#ending.shared || this.#ending.linger === 0);
  }

  /** Whether others share the descriptor. */
  get shared(): boolean {
    return this.#ending !== null && this.#ending.shared;
  }

  override share(): void {
    (this.#ending ??= new Ending()).shared = true;
  }

  /** Whether any write has sent bytes. */
  protected get everWrote(): boolean {
    return this.wroteAt >= 0;
  }

  /** Remote address; null for a listener. */
  get remoteAddr(): A | null {
    const remote = this.#remoteAddr;
    if (typeof remote !== "number") return remote;
    return this.#remoteAddr = this.nameOf(platform().sockaddr.encode(unpackAddress(remote)));
  }

  /** Sets known addresses; `remote` may be packed. */
  setAddrs(local: A | null, remote: A | number | null): void {
    this.#localAddr = local;
    this.#remoteAddr = remote;
  }

  /**
   * Sets an option; `ownEnd` if it concerns the local end only. A failure is an OpError of "set".
   */
  setOption(option: IntOption, value: number, ownEnd = false): void {
    this.use("set", () => {
      const done = this.sockets.setOption(this.sysfd, option, value);
      if (done < 0) throw this.fail("set", new SyscallError("setsockopt", -done), ownEnd);
    }, ownEnd);
  }

  /** Sets or clears SO_LINGER. */
  setLinger(seconds: number | null): void {
    this.use("set", () => {
      const done = this.sockets.setLinger(this.sysfd, seconds ?? -1);
      if (done < 0) throw this.fail("set", new SyscallError("setsockopt", -done));
      (this.#ending ??= new Ending()).linger = seconds;
    });
  }

  /**
   * Adopts the SO_LINGER that `control` or a former owner has set, and clears it: the kernel's own
   * lingering close would block the whole thread.
   */
  takeLinger(): void {
    const seconds = this.sockets.linger(this.sysfd);
    if (seconds >= 0) (this.#ending ??= new Ending()).linger = seconds;
  }

  override describe(): string {
    const ends = [this.localAddr, this.remoteAddr].filter((addr) => addr !== null);
    return `${super.describe()} ${this.net} ${ends.join("->")}`.trimEnd();
  }

  override close(): void {
    if (!this.closed) void this.localAddr;
    super.close();
  }

  override detach(): number {
    if (!this.closed) void this.localAddr;
    const sysfd = super.detach();
    if (this.shared) noteShared(sysfd);
    this.onFreed?.();
    return sysfd;
  }

  /**
   * Closes it with a reset. A shared descriptor is left as it is, since SO_LINGER would affect the
   * others.
   */
  abort(): void {
    if (this.closed) return;
    const ending = this.#ending ??= new Ending();
    if (!ending.shared) this.sockets.setLinger(this.sysfd, 0);
    ending.linger = 0;
    this.close();
  }

  /** Closes it without waiting for the peer. */
  closeAtOnce(): void {
    (this.#ending ??= new Ending()).atOnce = true;
    this.closeQuietly();
  }

  /**
   * As in Go, errors of listeners, and of calls that concern the local end, have the local address.
   */
  protected override fail(op: FdOp, cause: Error, ownEnd = false): OpError {
    if (ownEnd || this.remoteAddr === null) {
      return new OpError(op, this.net, null, this.localAddr, cause);
    }
    return new OpError(op, this.net, this.localAddr, this.remoteAddr, cause);
  }

  /**
   * False for TCP: Linux answers data after SHUT_RD and SHUT_WR with a reset, which discards data
   * that the peer has not read yet; Windows does so after SD_RECEIVE alone. So reads of TCP end in
   * this library, and the socket keeps receiving.
   */
  protected override get shutsReading(): boolean {
    return !this.net.startsWith("tcp");
  }

  /**
   * A plain close loses nothing if nothing was written, or if the peer cannot send any more. But
   * with SO_LINGER set, the kernel's close would block the whole thread for that time.
   */
  protected override release(run: RunOwner | null): void {
    const { linger = null, atOnce = false } = this.#ending ?? {};
    const slow = linger !== null && linger > 0;
    if (slow) this.sockets.setLinger(this.sysfd, -1);
    if (atOnce || this.abrupt || !this.everWrote || (this.sawEOF && !slow)) {
      super.release(run);
      this.onFreed?.();
      return;
    }
    const lingers = lingerClose(this.sysfd, run, {
      timeout: slow ? linger * 1000 : this.lingerTimeout,
      reset: slow,
      address: () => hostOf(this.remoteAddr),
      holder: this,
      freed: () => this.onFreed?.(),
    });
    if (lingers) this.#ending?.onLingering?.();
  }
}
