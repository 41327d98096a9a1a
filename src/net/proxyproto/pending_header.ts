// SPDX-License-Identifier: MIT
/** Connection whose header is incomplete. It is read without a goroutine. */
import type { Addr } from "../addr/addr.ts";
import { FD } from "../../fd/fd.ts";
import { SyscallError } from "../../fd/errors.ts";
import type { Watcher } from "../../netpoll/poll_extras.ts";
import { POLL_OK } from "../../netpoll/poll_state.ts";
import { ProxyProtocolError } from "../proxy_error.ts";
import { HeaderReader } from "./header_reader.ts";

/** Callbacks of pending connections. */
export interface PendingOwner {
  /** More of the header may be available. */
  changed(one: PendingHeader): void;
  /** The connection was closed together with its run. */
  closed(one: PendingHeader): void;
}

/** See the top of this file. */
export class PendingHeader extends FD implements Watcher {
  readonly reader: HeaderReader;
  /** The proxy. */
  readonly peer: Addr;
  /** Time of its accept, by the scheduler's clock. */
  readonly since: number;
  readonly #owner: PendingOwner;

  constructor(sysfd: number, peer: Addr, since: number, most: number, owner: PendingOwner) {
    super(sysfd);
    this.peer = peer;
    this.since = since;
    this.reader = new HeaderReader(most);
    this.#owner = owner;
  }

  /** Registers with the poller. Returns 0 or minus an errno. */
  begin(): number {
    const done = this.init();
    if (done >= 0) this.pd!.watch("read", this);
    return done;
  }

  retry(): void {
    if (this.pd!.readState === POLL_OK) return this.#owner.changed(this);
    this.pd!.unwatch("read", this);
    this.#owner.closed(this);
  }

  /**
   * Reads available bytes of the header, and nothing beyond it. Returns whether it is complete.
   *
   * @throws {ProxyProtocolError} if the header is invalid
   */
  advance(): boolean {
    const pd = this.pd!;
    const { reader } = this;
    while (reader.header === null && pd.rready) {
      const { room } = reader;
      const n = this.sockets.recv(this.sysfd, room, room.length);
      if (n > 0) {
        if (n < room.length && !pd.hangup) pd.rready = false;
        reader.took(n);
      } else if (n === this.again) pd.rready = false;
      else if (n !== this.interrupted) throw this.#ended(n);
    }
    return reader.header !== null;
  }

  /** Removes the descriptor from the poller and returns it. */
  take(): number {
    this.pd!.unwatch("read", this);
    return this.detach();
  }

  /** Closes the connection at once. */
  end(): void {
    this.pd?.unwatch("read", this);
    this.closeQuietly();
  }

  protected override fail(_op: string, cause: Error): Error {
    return cause;
  }

  #ended(n: number): ProxyProtocolError {
    const cause = n === 0 ? undefined : new SyscallError("recv", -n);
    const how = n === 0 ? "ended" : "failed";
    return new ProxyProtocolError("ended", `the connection ${how} during its header`, cause);
  }
}
