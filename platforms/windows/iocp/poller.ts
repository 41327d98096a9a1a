// SPDX-License-Identifier: MIT
/**
 * The completion port as a poller. Follows Go's runtime/netpoll_windows.go: each socket is
 * associated once, permanently, and a packet reports a completed operation.
 */
import { type HostWait, POLL_READ, type Poller, type PollSink } from "../../contract/platform.ts";
import type { Operation } from "./overlapped_arena.ts";
import * as C from "../abi/constants.ts";
import { EEXIST, ENOTSOCK, EPERM, ERRNO } from "../abi/errno.ts";
import type { Shared, SocketHandle } from "./socket_handle.ts";
import type { DeferredReceive } from "./port_contract.ts";
import { DeferredReceives } from "./deferred_receives.ts";
import { type CompletionHandler, CompletionQueue } from "./completion_port.ts";
import type { CompletionPort, PortEntry } from "./port_contract.ts";
import { skipsOnSuccess } from "./provider.ts";

/** Socket whose readiness must be reported although no completion was queued. */
interface Due {
  readonly socket: PortEntry;
  readonly mode: number;
}

/** Sockets by descriptor. */
export interface SocketTable {
  /** Returns the socket of a descriptor, or minus an errno. */
  find(fd: number): SocketHandle | number;
  /** Closes sockets whose close was deferred; returns false if there were none. */
  closeDeferred(): boolean;
}

/** One completion port, for one thread. */
export class CompletionPoller implements Poller, CompletionPort, CompletionHandler {
  readonly edgePerArrival = false;
  readonly #shared: Shared;
  readonly #sockets: SocketTable;
  readonly #queue: CompletionQueue;
  /** Registered sockets. */
  readonly #registered = new Map<number, SocketHandle>();
  #due: Due[] = [];
  readonly #deferred = new DeferredReceives();
  /** Whether the current poll has made a goroutine runnable. */
  #somebodyRuns = false;
  /** Sink of the current poll. */
  #sink: PollSink = noSink;
  readonly #reportRead = (socket: PortEntry) => this.#tell(socket, POLL_READ);

  constructor(shared: Shared, sockets: SocketTable) {
    this.#shared = shared;
    this.#sockets = sockets;
    this.#queue = new CompletionQueue(shared, this);
  }

  get handle(): number {
    return this.#queue.handle;
  }

  get waitDescriptor(): number {
    return this.handle;
  }

  get breakDescriptor(): number {
    return this.handle;
  }

  open(fd: number, slot: number, sequence: number): number {
    const socket = this.#sockets.find(fd);
    // A descriptor that is not a socket cannot be polled: EPERM, as epoll reports for a file.
    if (typeof socket === "number") return socket === -ENOTSOCK ? -EPERM : socket;
    if (socket.slot >= 0) return -EEXIST;
    if (socket.port === null) {
      const done = this.#associate(socket);
      if (done < 0) return done;
    } else if (socket.port !== this) {
      return -ERRNO.EINVAL;
    }
    socket.slot = slot;
    socket.sequence = sequence;
    this.#registered.set(fd, socket);
    socket.registered();
    return 0;
  }

  close(fd: number): number {
    const socket = this.#registered.get(fd);
    if (socket === undefined) return -ERRNO.EINVAL;
    this.#registered.delete(fd);
    socket.slot = -1;
    socket.cancelWaits();
    return 0;
  }

  poll(delay: number, sink: PollSink): number {
    this.#sink = sink;
    this.#somebodyRuns = false;
    const report = this.#reportRead;
    let told = this.#reportDue() + this.#deferred.beginOlder(report);
    if (!this.#somebodyRuns && this.#deferred.few) told += this.#deferred.beginAll(report);
    told = this.#look(told, this.#deferred.empty ? delay : 0);
    if (told < 0 || this.#somebodyRuns || this.#deferred.empty) return told;
    return this.#look(told + this.#deferred.beginAll(report), delay);
  }

  /**
   * Dequeues completions, waiting only if none was reported before. Returns the total number
   * reported.
   */
  #look(told: number, delay: number): number {
    const taken = this.#queue.poll(told > 0 ? 0 : delay);
    return taken < 0 ? taken : told + taken;
  }

  break(): void {
    this.#queue.break();
  }

  isPollDescriptor(fd: number): boolean {
    return fd === this.handle;
  }

  /** See {@linkcode CompletionPort}. */
  begun(): void {
    this.#queue.pending++;
  }

  /** See {@linkcode CompletionPort}. */
  later(receive: DeferredReceive): void {
    this.#deferred.add(receive);
  }

  /** See {@linkcode CompletionPort}. */
  report(socket: PortEntry, mode: number): void {
    this.#due.push({ socket, mode });
    this.break();
  }

  /**
   * See {@linkcode CompletionHandler}: passes the result to the operation's owner, and reports the
   * socket.
   */
  over(operation: Operation): void {
    const { socket } = operation.owner!;
    this.#tell(socket, operation.owner!.completed(operation));
  }

  /** Returns a wait in the host's loop until this port has packets. */
  hostWait(): HostWait {
    return this.#queue.hostWait();
  }

  dispose(): void {
    this.#sink = noSink;
    this.#queue.drain();
    // Stop waiting for a peer that reads nothing.
    if (this.#sockets.closeDeferred()) this.#queue.drain();
    this.#queue.dispose();
  }

  #associate(socket: SocketHandle): number {
    const { winsock } = this.#shared;
    const done = this.#queue.associate(socket.fd);
    if (done < 0) return done;
    socket.port = this;
    if (skipsOnSuccess(winsock, socket)) {
      const { kernel } = winsock;
      const modes = C.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | C.FILE_SKIP_SET_EVENT_ON_HANDLE;
      socket.skips = kernel.SetFileCompletionNotificationModes(socket.fd, modes) !== 0;
    }
    return 0;
  }

  #reportDue(): number {
    const count = this.#due.length;
    if (count === 0) return 0;
    const due = this.#due;
    this.#due = [];
    for (const { socket, mode } of due) this.#tell(socket, mode);
    return count;
  }

  #tell({ slot, sequence }: PortEntry, mode: number): void {
    if (slot >= 0 && this.#sink(slot, sequence, mode) === true) this.#somebodyRuns = true;
  }
}

function noSink(): void {}
