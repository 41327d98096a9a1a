// SPDX-License-Identifier: MIT
/** A read of a TLS connection over one of the library's sockets. */
import { addRead } from "../../fd/byte_counts.ts";
import { takenAway } from "../../fd/check_bytes.ts";
import { UnexpectedEOFError } from "../../fd/errors.ts";
import type { HalfConn } from "../../net/io/half_conn.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { SecureOperation } from "./operation.ts";
import { AT_END } from "./ssl_handle.ts";
import { NOTHING_YET } from "./transport.ts";
import { refuseAwait } from "../../sched/misuse.ts";

/** See the top of this file. */
export class SecureRead extends SecureOperation {
  protected override get half(): HalfConn {
    return this.conn.reading;
  }

  /** Starts a call, for `yield*` to drive. */
  call(buffer: Uint8Array): Routine<number | null> {
    this.take(buffer);
    return this as unknown as Routine<number | null>;
  }

  protected override slowly(): Routine<unknown> {
    return this.conn.readSlowly(this.buffer);
  }

  protected override unpark(): void {
    this.socket.fd.pd!.unparkReader();
  }

  protected override attempt(): this {
    try {
      const n = this.#attempt();
      if (n === undefined) return this;
      addRead(this.conn, n);
      return this.finish(n);
    } catch (error) {
      this.finish(null);
      throw error;
    }
  }

  /** Returns the number of bytes, null at the end of the stream, or undefined to wait. */
  #attempt(): number | null | undefined {
    const { conn, socket, buffer } = this;
    const { length } = buffer;
    for (;;) {
      this.check("read");
      if (conn.readEnded) return null;
      if (length === 0) throw takenAway("read");
      const n = conn.decrypt(buffer, length);
      if (n > 0) return n;
      if (n === AT_END) return null;
      if (conn.failure !== null) throw conn.failed("read");
      const pd = socket.fd.pd!;
      if (!pd.rready) {
        this.value = pd.parkReader();
        return undefined;
      }
      this.#receive();
    }
  }

  #receive(): void {
    const { conn, socket } = this;
    const handle = conn.handle!;
    let n: number;
    try {
      n = socket.receive(handle.wire.room());
    } catch (error) {
      return conn.broken(error as Error);
    }
    if (n > 0) handle.feed(n);
    // An orderly end would have followed a close_notify.
    else if (n !== NOTHING_YET) conn.broken(new UnexpectedEOFError(0));
  }
}

refuseAwait(SecureRead.prototype, "conn.read");
