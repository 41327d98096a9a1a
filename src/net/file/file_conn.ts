// SPDX-License-Identifier: MIT
/** Streams over what is no socket: pipes, terminals, eventfds. Go: os.NewFile, os.File. */
import { checkPieces } from "../../fd/check_bytes.ts";
import { platform } from "../../../platforms/platform.ts";
import type { SocketCalls } from "../../../platforms/contract/platform.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { Addr } from "../addr/addr.ts";
import { NetFD } from "../socket/net_fd.ts";
import { StreamConn } from "../socket/stream_conn.ts";

/** What stands in for the ends of what has none. */
export class FileAddr implements Addr {
  /** "file". */
  readonly network = "file";
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** "fd 5". */
  toString(): string {
    return `fd ${this.#fd}`;
  }
}

/** The descriptor of what is no socket: the plain calls serve it. */
export class FileFD extends NetFD<FileAddr> {
  override readonly sockets: SocketCalls = platform().descriptors.files;
  /** Whether it was blocking: others may have it too, and are to find it so. */
  readonly #wasBlocking: boolean;

  constructor(sysfd: number, wasBlocking: boolean) {
    const addr = new FileAddr(sysfd);
    super(sysfd, "file", () => addr);
    this.setAddrs(addr, null);
    this.#wasBlocking = wasBlocking;
  }

  /** A line of a terminal, or an event, ends a read and does not mean that there is no more. */
  override init(): number {
    const done = super.init();
    if (done >= 0) this.pd!.hangup = true;
    return done;
  }

  /** There is nothing to linger for. */
  protected override release(): void {
    if (this.#wasBlocking) platform().descriptors.setNonBlocking(this.sysfd, false);
    this.sockets.close(this.sysfd);
  }
}

/** See {@linkcode fileConn}. */
export class FileConn extends StreamConn<FileAddr> {
  /** @internal */
  constructor(fd: FileFD) {
    super(fd);
  }

  /** See {@linkcode Conn.writev}. What is no socket has no one call for it. */
  override *writev(pieces: readonly Uint8Array[], cancel?: Cancel): Routine<number> {
    checkPieces("write", pieces);
    let sent = 0;
    try {
      for (const piece of pieces) sent += yield* this.write(piece, cancel);
      return sent;
    } catch (error) {
      const { bytesWritten = 0 } = error as { bytesWritten?: number };
      throw error instanceof Error
        ? Object.assign(error, { bytesWritten: sent + bytesWritten })
        : error;
    }
  }

  /** @internal */
  protected override get nowhere(): FileAddr {
    return new FileAddr(this.netFD.sysfd);
  }
}
