// SPDX-License-Identifier: MIT
/** A stream socket with its pending operations. */
import type { RawAddress } from "../../contract/platform.ts";
import type { OverlappedAcceptor } from "./acceptor.ts";
import { AF_UNIX } from "../abi/constants.ts";
import { OverlappedConnector } from "./connector.ts";
import { SocketHandle } from "../iocp/socket_handle.ts";
import { Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";

/** See the top of this file. */
export class StreamSocket extends SocketHandle {
  readonly sender: Sender = new Sender(this);
  /** Accept operation of a listener. */
  acceptor: OverlappedAcceptor | null = null;
  readonly #receiver = new Receiver(this);
  /** Connect operation of a connecting socket. */
  #connector: OverlappedConnector | null = null;

  override bound(): void {
    this.#connecting().bound();
  }

  /** As in Go, ConnectEx is used for internet sockets only: a local connect never waits. */
  override connect(address: RawAddress): number {
    if (this.family !== AF_UNIX) return this.#connecting().connect(address);
    const { ws2, errno } = this.winsock;
    return ws2.connect(this.fd, address, address.length) === 0 ? 0 : -errno();
  }

  override outcome(): number | null {
    return this.#connector?.outcome() ?? null;
  }

  override registered(): void {
    this.#connector?.registered();
  }

  override receive(buffer: Uint8Array, length: number): number {
    return this.#receiver.receive(buffer, length);
  }

  override send(buffer: Uint8Array, length: number): number {
    return this.sender.send(buffer, length);
  }

  override ready(direction: "read" | "write"): boolean {
    if (direction === "write") return this.sender.ready();
    return this.acceptor !== null ? this.acceptor.ready() : this.#receiver.ready();
  }

  override underWay(): number {
    return this.sender.underWay;
  }

  override received(): number {
    return this.#receiver.received;
  }

  override behindSends(action: () => number): number {
    return this.sender.behind(action);
  }

  override end(): void {
    this.#receiver.end();
  }

  override cancelWaits(): void {
    this.#receiver.cancel();
    this.acceptor?.cancel();
  }

  override discard(): void {
    this.closed = true;
    this.#receiver.discard();
    this.acceptor?.discard();
  }

  #connecting(): OverlappedConnector {
    return this.#connector ??= new OverlappedConnector(this);
  }
}
