// SPDX-License-Identifier: MIT
/** Connections of Unix sockets. Go: net/unixsock.go, type UnixConn. */
import { needObject } from "../../validate/argument.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { Chunks } from "../../fd/chunks.ts";
import { PacketChunks } from "./packet_chunks.ts";
import { StreamConn } from "../socket/stream_conn.ts";
import type { PeerCredentials, UnixConn, UnixMessage, UnixSendInfo } from "./unix.ts";
import { UnixAddr, type UnixNetwork } from "../addr/unix_addr.ts";
import type { UnixFD } from "./unix_fd.ts";
import { checkFds, readMsg, writeMsg } from "./unix_message.ts";
import { notesCalls } from "../../sched/noted_methods.ts";

/** See {@linkcode UnixConn}. */
export class UnixStream extends StreamConn<UnixAddr> implements UnixConn {
  /** @internal */
  declare protected readonly netFD: UnixFD;

  /** @internal */
  constructor(fd: UnixFD) {
    super(fd);
  }

  /** See {@linkcode Conn.chunks}: on "unixpacket", each chunk is a whole packet of any length. */
  override chunks(): Chunks {
    return this.netFD.keepsPackets ? new PacketChunks(this.netFD) : super.chunks();
  }

  /** See {@linkcode UnixMessages.readMsgUnix}. */
  readMsgUnix(p: Uint8Array, cancel?: Cancel): Routine<UnixMessage | null> {
    return this.netFD.cancellable("read", readMsg(this.netFD, p), cancel);
  }

  /** See {@linkcode UnixMessages.writeMsgUnix}. */
  writeMsgUnix(p: Uint8Array, info: UnixSendInfo, cancel?: Cancel): Routine<number> {
    needObject("write", "info", info);
    const { fds = [] } = info;
    checkFds(this.netFD, p, fds);
    const progress = { bytesWritten: 0 };
    const call = writeMsg(this.netFD, p, fds, progress);
    return this.netFD.cancellable("write", call, cancel, progress);
  }

  /** See {@linkcode UnixConn.peerCredentials}. */
  peerCredentials(): PeerCredentials {
    return this.netFD.credentials();
  }

  /** @internal */
  protected override get nowhere(): UnixAddr {
    return new UnixAddr("@", this.netFD.net as UnixNetwork);
  }
}

notesCalls(UnixStream.prototype, "conn", "readMsgUnix", "writeMsgUnix");
