// SPDX-License-Identifier: MIT
/** A write of a TLS connection over one of the library's sockets: writes all of the buffer. */
import { addWritten } from "../../fd/byte_counts.ts";
import { takenAway } from "../../fd/check_bytes.ts";
import type { HalfConn } from "../../net/io/half_conn.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { scheduler } from "../../sched/thread.ts";
import type { SecureConn } from "./secure_conn.ts";
import type { FDTransport } from "./fd_transport.ts";
import { SecureOperation } from "./operation.ts";
import { MOST_PLAINTEXT } from "./wire.ts";
import { registerState } from "../../sched/thread_state.ts";
import { refuseAwait } from "../../sched/misuse.ts";
import { PROGRESS, progressOf } from "../../sched/progress.ts";

/** Cache of one finished write: most writes finish at once, so one object serves all. */
let spare: SecureWrite | null = null;

registerState<SecureWrite | null>("spare TLS write", {
  fresh: () => null,
  save: () => spare,
  restore: (state) => spare = state,
});

/** See the top of this file. */
export class SecureWrite extends SecureOperation {
  /** Number of encrypted bytes: they are sent even if the call is ended. */
  sent = 0;
  /** The call that the slow path makes; null for none. */
  #slowly: Routine<unknown> | null = null;

  /** Returns an operation for a call on `conn`. */
  static of(conn: SecureConn, socket: FDTransport): SecureWrite {
    const operation = spare;
    if (operation === null) return new SecureWrite(conn, socket);
    spare = null;
    operation.conn = conn;
    operation.socket = socket;
    return operation;
  }

  protected override get half(): HalfConn {
    return this.conn.writing;
  }

  /** Starts a call, for `yield*` to drive. */
  call(buffer: Uint8Array): Routine<number> {
    this.take(buffer);
    this.sent = 0;
    this.#slowly = null;
    return this as unknown as Routine<number>;
  }

  protected override slowly(): Routine<unknown> {
    const call = this.conn.writeSlowly(this.buffer);
    this.#slowly = call;
    return call;
  }

  /** See {@linkcode Progressing}. */
  [PROGRESS](): object {
    return progressOf(this.#slowly) ?? { bytesWritten: this.sent };
  }

  protected override unpark(): void {
    this.socket.fd.pd!.unparkWriter();
  }

  protected override end(value: unknown): this {
    spare = this;
    return super.end(value);
  }

  protected override attempt(): this {
    try {
      return this.#attempt() ? this.finish(this.sent) : this;
    } catch (error) {
      const { sent } = this;
      this.finish(undefined);
      throw Object.assign(error as Error, { bytesWritten: sent });
    }
  }

  /** Returns whether all is written; false to wait. */
  #attempt(): boolean {
    const { conn, socket, buffer, length } = this;
    const handle = conn.handle!;
    if (buffer.length < length) throw takenAway("write");
    for (;;) {
      this.check("write");
      if (conn.failure !== null) throw conn.failed("write");
      const joined = handle.out !== null && conn.deferred && this.sent === 0;
      if (handle.out !== null && !joined && !conn.flushNow()) {
        if (conn.failure !== null) continue;
        this.value = socket.fd.pd!.parkWriter();
        return false;
      }
      if (this.sent === length) return true;
      const most = length - this.sent < MOST_PLAINTEXT ? length - this.sent : MOST_PLAINTEXT;
      const rest = this.sent === 0 ? buffer : buffer.subarray(this.sent);
      if (handle.kernel) {
        const n = conn.sendPlain(rest, length - this.sent);
        if (n === 0) {
          if (conn.failure !== null) continue;
          this.value = socket.fd.pd!.parkWriter();
          return false;
        }
        this.sent += n;
        addWritten(conn, n);
      } else {
        const k = conn.encrypt(rest, most);
        this.sent += most;
        addWritten(conn, most);
        if (joined) handle.append(handle.wire.output, 0, k);
        else this.#send(k);
      }
      if (scheduler.budget-- <= 0 && this.sent < length) {
        // A long write to a fast peer must not starve other goroutines.
        this.value = scheduler.yieldNow();
        return false;
      }
    }
  }

  /** Sends `k` bytes of ciphertext; keeps those that do not fit. */
  #send(k: number): void {
    const { conn, socket } = this;
    const handle = conn.handle!;
    const { output } = handle.wire;
    try {
      const n = socket.send(output, k);
      if (n < k) handle.append(output, n, k);
    } catch (error) {
      conn.broken(error as Error);
    }
  }
}

refuseAwait(SecureWrite.prototype, "conn.write");
