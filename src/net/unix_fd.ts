// SPDX-License-Identifier: MIT
/** Descriptors of Unix sockets. Go: net/unixsock_posix.go. */
import type { RawCredentials } from "../../platforms/packet_types.ts";
import { SyscallError } from "../poll/errors.ts";
import { unixCalls } from "./calls.ts";
import { NetFD } from "./net_fd.ts";
import { ListenFD } from "./stream_listener.ts";
import { UNIX_NAMERS, type UnixAddr, type UnixNetwork } from "./unix_addr.ts";
import type { SocketFile } from "./unix_file.ts";

/** The descriptor of a Unix socket that is no listener. */
export class UnixFD extends NetFD<UnixAddr> {
  /** The file of this end, removed with it; null if there is none, or it is not ours. */
  file: SocketFile | null = null;

  constructor(sysfd: number, net: UnixNetwork) {
    super(sysfd, net, UNIX_NAMERS[net]);
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
      const who = unixCalls().credentials(this.sysfd);
      if (typeof who === "number") throw this.fail("get", new SyscallError("getsockopt", -who));
      return who;
    });
  }

  override close(): void {
    if (!this.closed) this.file?.remove();
    super.close();
  }

  /** What a write gave is with the peer already, who reads it also after the close. */
  protected override release(): void {
    this.sockets.close(this.sysfd);
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

  override close(): void {
    if (!this.closed && this.unlinkOnClose) this.file?.remove();
    super.close();
  }
}
