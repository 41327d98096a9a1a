// SPDX-License-Identifier: MIT
/** A descriptor that knows its network and its two ends, and says so in errors. Go: net/fd_posix.go. */
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

/** How a close is to go that is not as all others are. Most descriptors have none. */
class Ending {
  /** Seconds that the user lets `close` go on sending, or null for as long as it takes. */
  linger: number | null = null;
  /** See {@linkcode TCPOptions}. */
  lingerTimeout = DEFAULT_LINGER_MS;
  /** Whether nothing waits for what the peer has not read or not yet sent. */
  atOnce = false;
  /** Whether others have the descriptor too. */
  shared = false;
  /** See {@linkcode NetFD.onFreed}. */
  onFreed: (() => void) | null = null;
  /** See {@linkcode NetFD.onLingering}. */
  onLingering: (() => void) | null = null;
}

/** Returns what peers are counted under: the address without the port, "" for one that has none. */
export function hostOf(addr: Addr | null): string {
  return (addr as { readonly ip?: string } | null)?.ip ?? "";
}

/** Returns the `lingerTimeout` of `conn`: the default for one without a descriptor. */
export function lingerTimeoutOf(conn: unknown): number {
  const fd = descriptorOf(conn);
  return fd instanceof NetFD ? fd.lingerTimeout : DEFAULT_LINGER_MS;
}

/** See the top of this file. */
export class NetFD<A extends Addr> extends FD {
  /** "tcp", "udp6", "unix". */
  readonly net: string;
  #localAddr: A | null = null;
  /** The remote address, packed until first asked for. */
  #remoteAddr: A | number | null = null;
  #ending: Ending | null = null;
  readonly #name: (raw: RawAddress) => A;

  /** `name` makes an address of the network out of what the kernel calls it. */
  constructor(sysfd: number, net: string, name: (raw: RawAddress) => A) {
    super(sysfd);
    this.net = net;
    this.#name = name;
  }

  /** This end; asked of the kernel at the first need, and at the latest when it closes. */
  get localAddr(): A | null {
    if (this.#localAddr === null && !this.closed) {
      const raw = this.sockets.localAddress(this.sysfd);
      if (typeof raw !== "number") this.#localAddr = this.#name(raw);
    }
    return this.#localAddr;
  }

  /** Told once, when the number is free: after a lingering close, when that is over. */
  get onFreed(): (() => void) | null {
    return this.#ending === null ? null : this.#ending.onFreed;
  }

  set onFreed(told: (() => void) | null) {
    (this.#ending ??= new Ending()).onFreed = told;
  }

  /** Called when it is closed and begins to linger. */
  get onLingering(): (() => void) | null {
    return this.#ending === null ? null : this.#ending.onLingering;
  }

  set onLingering(f: (() => void) | null) {
    (this.#ending ??= new Ending()).onLingering = f;
  }

  /** Milliseconds that `close` waits at most for what the peer has not acknowledged. */
  get lingerTimeout(): number {
    return this.#ending === null ? DEFAULT_LINGER_MS : this.#ending.lingerTimeout;
  }

  set lingerTimeout(ms: number) {
    (this.#ending ??= new Ending()).lingerTimeout = ms;
  }

  /** Whether its close is to be a bare close(2), whatever the peer reads of it. */
  get abrupt(): boolean {
    return this.#ending !== null && (this.#ending.shared || this.#ending.linger === 0);
  }

  /** Whether others have the descriptor too. */
  get shared(): boolean {
    return this.#ending !== null && this.#ending.shared;
  }

  override share(): void {
    (this.#ending ??= new Ending()).shared = true;
  }

  /** Whether a write ever sent bytes. */
  protected get everWrote(): boolean {
    return this.wroteAt >= 0;
  }

  /** What this network calls an address of the kernel's. */
  nameOf(raw: RawAddress): A {
    return this.#name(raw);
  }

  /** The other end; null for a listener. */
  get remoteAddr(): A | null {
    const remote = this.#remoteAddr;
    if (typeof remote !== "number") return remote;
    return this.#remoteAddr = this.#name(platform().sockaddr.encode(unpackAddress(remote)));
  }

  /** Says who is at the two ends, where that is known without asking; `remote` perhaps packed. */
  setAddrs(local: A | null, remote: A | number | null): void {
    this.#localAddr = local;
    this.#remoteAddr = remote;
  }

  /** Sets an option, perhaps of this end alone; a failure is an OpError of "set". */
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
   * Takes over the SO_LINGER that the socket has already, set by `control` or by its former owner:
   * left to the kernel, a close would stop the whole thread for so many seconds.
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
   * Closes it without an orderly end. What others have too is left as it is: SO_LINGER would be
   * theirs as well.
   */
  abort(): void {
    if (this.closed) return;
    const ending = this.#ending ??= new Ending();
    if (!ending.shared) this.sockets.setLinger(this.sysfd, 0);
    ending.linger = 0;
    this.close();
  }

  /** Closes it without a wait for what the peer has not read or not yet sent. */
  closeAtOnce(): void {
    (this.#ending ??= new Ending()).atOnce = true;
    this.closeQuietly();
  }

  /** As in Go, a listener and what concerns this end alone have this end as the error's address. */
  protected override fail(op: FdOp, cause: Error, ownEnd = false): OpError {
    if (ownEnd || this.remoteAddr === null) {
      return new OpError(op, this.net, null, this.localAddr, cause);
    }
    return new OpError(op, this.net, this.localAddr, this.remoteAddr, cause);
  }

  /**
   * Linux answers bytes that come after SHUT_RD and SHUT_WR by a reset, which costs the peer what it
   * has not read yet; Windows does so after SD_RECEIVE alone. So reads of TCP end in this library, and
   * the socket goes on receiving.
   */
  protected override get shutsReading(): boolean {
    return !this.net.startsWith("tcp");
  }

  /**
   * Nothing is lost by a plain close if nothing was written, or if the peer cannot send any more.
   * But with SO_LINGER set the kernel's own close would stop the whole thread for so many seconds.
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
      address: hostOf(this.remoteAddr),
      holder: this,
      freed: () => this.onFreed?.(),
    });
    if (lingers) this.#ending?.onLingering?.();
  }
}
