// SPDX-License-Identifier: MIT
/** Descriptors of Unix sockets. Go: net/unixsock_posix.go. */
import { platform } from "../../../platforms/platform.ts";
import type { RawCredentials } from "../../../platforms/contract/packets.ts";
import { SyscallError } from "../../fd/errors.ts";
import { giveBack, lend } from "../../fd/buffer_pool.ts";
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

  /**
   * What a write gave is with the peer already, who reads it also after the close. But if something
   * is unread here he reads ECONNRESET, on "unixpacket" even before it. So that is thrown away first.
   */
  protected override release(): void {
    if (this.wrote && !this.sawEOF && this.net !== "unixgram") this.#discard();
    this.sockets.close(this.sysfd);
    this.onFreed?.();
  }

  /** Nothing more can come after the shutdown, so this has an end. */
  #discard(): void {
    const buffer = lend();
    this.sockets.shutdown(this.sysfd, "read");
    let n: number;
    do n = this.sockets.recv(this.sysfd, buffer.bytes, buffer.bytes.length); while (
      n > 0 || n === this.interrupted
    );
    giveBack(buffer);
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
