// SPDX-License-Identifier: MIT
/** Descriptors of Unix sockets. Go: net/unixsock_posix.go. */
import { platform } from "../../../platforms/platform.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import type { RawCredentials } from "../../../platforms/contract/packets.ts";
import { SyscallError } from "../../fd/errors.ts";
import { discardUnread } from "../socket/lossless_close.ts";
import { NetFD } from "../socket/net_fd.ts";
import { ListenFD } from "../socket/stream_listener.ts";
import { UNIX_NAMERS, type UnixAddr, type UnixNetwork } from "../addr/unix_addr.ts";
import type { SocketFile } from "./unix_file.ts";

/** Descriptor of a Unix socket that is not a listener. */
export class UnixFD extends NetFD<UnixAddr> {
  /**
   * File of the local address, removed on close; null if there is none, or it was created
   * elsewhere.
   */
  file: SocketFile | null = null;

  constructor(sysfd: number, net: UnixNetwork) {
    super(sysfd, net);
  }

  override nameOf(raw: RawAddress): UnixAddr {
    return UNIX_NAMERS[this.net as UnixNetwork](raw);
  }

  override get keepsPackets(): boolean {
    return this.net === "unixpacket";
  }

  /**
   * A short read never means "drained" here: it ends at a packet, or in a stream at a message with
   * descriptors.
   */
  override init(): number {
    const done = super.init();
    if (done >= 0) this.pd!.hangup = true;
    return done;
  }

  /** Credentials of the peer. */
  credentials(): RawCredentials {
    return this.use("get", () => {
      const who = platform().unix.credentials(this.sysfd);
      if (typeof who === "number") throw this.fail("get", new SyscallError("getsockopt", -who));
      return who;
    });
  }

  override close(): void {
    if (!this.closed) this.file?.remove();
    super.close();
  }

  /** As for a listener, on a datagram socket. */
  protected override get closesAtOnce(): boolean {
    return this.net === "unixgram";
  }

  /** Closes without loss, unless it is aborted or shared. */
  protected override release(): void {
    const orderly = this.everWrote && !this.sawEOF && this.net !== "unixgram" && !this.abrupt;
    if (orderly) discardUnread(this.sysfd);
    this.sockets.close(this.sysfd);
    this.onFreed?.();
  }
}

/** Descriptor of a Unix listener. */
export class UnixListenFD extends ListenFD<UnixAddr> {
  /** As {@linkcode UnixFD.file}. */
  file: SocketFile | null = null;
  /** Whether `close` removes the file. */
  unlinkOnClose = true;

  constructor(sysfd: number, net: UnixNetwork) {
    super(sysfd, net);
  }

  override nameOf(raw: RawAddress): UnixAddr {
    return UNIX_NAMERS[this.net as UnixNetwork](raw);
  }

  /** Keeps the file if the listener is shared: the other holders still need the path. */
  override close(): void {
    if (!this.closed && this.unlinkOnClose && !this.shared) this.file?.remove();
    super.close();
  }
}
