// SPDX-License-Identifier: MIT
/** Descriptors of Unix sockets. Go: net/unixsock_posix.go. */
import { platform } from "../../../platforms/platform.ts";
import type { RawCredentials } from "../../../platforms/contract/packets.ts";
import { SyscallError } from "../../fd/errors.ts";
import { discardUnread } from "../socket/lossless_close.ts";
import { NetFD } from "../socket/net_fd.ts";
import { ListenFD } from "../socket/stream_listener.ts";
import { UNIX_NAMERS, type UnixAddr, type UnixNetwork } from "../addr/unix_addr.ts";
import type { SocketFile } from "./unix_file.ts";

/** The descriptor of a Unix socket that is no listener. */
export class UnixFD extends NetFD<UnixAddr> {
  /** The file of this end, removed with it; null if there is none, or it is not ours. */
  file: SocketFile | null = null;

  constructor(sysfd: number, net: UnixNetwork) {
    super(sysfd, net, UNIX_NAMERS[net]);
  }

  override get keepsPackets(): boolean {
    return this.net === "unixpacket";
  }

  /**
   * A short read never means "drained" here: a packet ends it, and in a stream the message that
   * descriptors came with.
   */
  override init(): number {
    const done = super.init();
    if (done >= 0) this.pd!.hangup = true;
    return done;
  }

  /** Who is at the other end. */
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

  /** As with a listener, if it is of datagrams. */
  protected override get closesAtOnce(): boolean {
    return this.net === "unixgram";
  }

  /** An orderly end, unless it is aborted, or others have the socket too. */
  protected override release(): void {
    const orderly = this.everWrote && !this.sawEOF && this.net !== "unixgram" && !this.abrupt;
    if (orderly) discardUnread(this.sysfd);
    this.sockets.close(this.sysfd);
    this.onFreed?.();
  }
}

/** The descriptor of a Unix listener. */
export class UnixListenFD extends ListenFD<UnixAddr> {
  /** As {@linkcode UnixFD.file}. */
  file: SocketFile | null = null;
  /** Whether `close` removes it. */
  unlinkOnClose = true;

  constructor(sysfd: number, net: UnixNetwork) {
    super(sysfd, net, UNIX_NAMERS[net]);
  }

  /** The file stays where others have the listener too: they would be listening at no path. */
  override close(): void {
    if (!this.closed && this.unlinkOnClose && !this.shared) this.file?.remove();
    super.close();
  }
}
