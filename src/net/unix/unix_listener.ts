// SPDX-License-Identifier: MIT
/** Listeners of Unix sockets. Go: net/unixsock.go, type UnixListener. */
import { platform } from "../../../platforms/platform.ts";
import { StreamListener } from "../socket/stream_listener.ts";
import type { UnixListener } from "./unix.ts";
import { UNIX_NAMERS, type UnixAddr, type UnixNetwork } from "../addr/unix_addr.ts";
import { UnixStream } from "./unix_conn.ts";
import { UnixFD, type UnixListenFD } from "./unix_fd.ts";

/** See {@linkcode UnixListener}. */
export class UnixStreamListener extends StreamListener<UnixAddr, UnixStream>
  implements UnixListener {
  /** @internal */
  declare protected readonly netFD: UnixListenFD;

  /** @internal */
  constructor(fd: UnixListenFD) {
    super(fd);
  }

  /** See {@linkcode UnixListener.setUnlinkOnClose}. */
  setUnlinkOnClose(on: boolean): void {
    this.netFD.unlinkOnClose = on;
  }

  /** @internal */
  protected override accepted(sysfd: number): UnixFD {
    const network = this.netFD.net as UnixNetwork;
    // Read the peer first: the kernel's next result overwrites it.
    const peer = UNIX_NAMERS[network](platform().sockets.peer());
    const fd = new UnixFD(sysfd, network);
    fd.setAddrs(this.netFD.localAddr, peer);
    return fd;
  }

  /** @internal */
  protected override connection(fd: UnixFD): UnixStream {
    return new UnixStream(fd);
  }
}
