// SPDX-License-Identifier: MIT
/**
 * Streams over descriptors that are not sockets: pipes, terminals, eventfds. Go: os.NewFile,
 * os.File.
 */
import { checkPieces } from "../../fd/check_bytes.ts";
import { platform } from "../../../platforms/platform.ts";
import type { SocketCalls } from "../../../platforms/contract/platform.ts";
import { closeFile } from "../../fd/close_file.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { registerState } from "../../sched/thread_state.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { Addr } from "../addr/addr.ts";
import { NetFD } from "../socket/net_fd.ts";
import { StreamConn } from "../socket/stream_conn.ts";

/** Address of a descriptor that is not a socket. */
export class FileAddr implements Addr {
  /** "file". */
  readonly network = "file";
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Returns text such as "fd 5". */
  toString(): string {
    return `fd ${this.#fd}`;
  }
}

/** Open descriptors of this thread. */
let open = new Set<FileFD>();

registerState<Set<FileFD>>("open files", {
  fresh: () => new Set(),
  save: () => open,
  restore: (state) => open = state,
});

/** Descriptor that is not a socket: uses read(2) and write(2). */
export class FileFD extends NetFD<FileAddr> {
  override readonly sockets: SocketCalls = platform().descriptors.files;
  /** Whether close makes it blocking again, because others may share it. */
  #wasBlocking: boolean;

  constructor(sysfd: number, wasBlocking: boolean) {
    const addr = new FileAddr(sysfd);
    super(sysfd, "file");
    this.setAddrs(addr, null);
    this.#wasBlocking = wasBlocking;
  }

  /** Has no address in the kernel. */
  override nameOf(): FileAddr {
    return new FileAddr(this.sysfd);
  }

  /**
   * A line of a terminal, or an event, ends a read early, so a short read does not mean "drained".
   */
  override init(): number {
    const done = super.init();
    if (done < 0) return done;
    this.pd!.hangup = true;
    open.add(this);
    return done;
  }

  /** A plain close: nothing to linger for. */
  protected override release(): void {
    if (this.#wasBlocking) this.#restoreBlocking();
    closeFile(this.sysfd, this.sockets);
  }

  protected override ended(): void {
    open.delete(this);
  }

  /**
   * O_NONBLOCK belongs to the open file description, which two descriptors of one pipe or terminal
   * share: while another is still open here it stays set, and the last one clears it.
   */
  #restoreBlocking(): void {
    const { descriptors } = platform();
    open.delete(this);
    descriptors.setNonBlocking(this.sysfd, false);
    for (const other of open) {
      if (descriptors.setNonBlocking(other.sysfd, true) === 1) other.#wasBlocking = true;
    }
  }
}

/** See {@linkcode fileConn}. */
export class FileConn extends StreamConn<FileAddr> {
  /** @internal */
  constructor(fd: FileFD) {
    super(fd);
  }

  /**
   * See {@linkcode Conn.writev}. Writes piece by piece, because only sockets support one call for
   * all.
   */
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
