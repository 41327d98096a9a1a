// SPDX-License-Identifier: MIT
/**
 * A readiness poller for custom event loops. It uses the AFD device, and so does not affect its
 * sockets: they belong to no completion port, no data is read ahead or copied, and they can move to
 * another poller. See docs/windows.md for the alternatives.
 *
 * The device reports an edge only when it is asked again, and would report a socket that is still
 * ready again. So "edge" requires the library's socket calls, which report when one of them would
 * have blocked.
 */
import type { HostWait, RawPoller, RawSink, Trigger } from "../../contract/platform.ts";
import { Afd } from "./afd.ts";
import { BARE, type Operation } from "../iocp/overlapped_arena.ts";
import { EEXIST, ENOENT, ERRNO } from "../abi/errno.ts";
import type { Shared } from "../iocp/socket_handle.ts";
import { type CompletionHandler, CompletionQueue } from "../iocp/completion_port.ts";
import type { Blocking } from "./nonblocking_sockets.ts";
import { Watch } from "./watch.ts";

/** See {@linkcode RawPoller}. */
export class AfdRawPoller implements RawPoller, CompletionHandler, Blocking {
  readonly waitName = "NtRemoveIoCompletionEx";
  readonly controlName = "NtDeviceIoControlFile";
  readonly #shared: Shared;
  readonly #queue: CompletionQueue;
  readonly #afd: Afd;
  /** All observers of calls that would block. */
  readonly #blocking: Set<Blocking>;
  readonly #watches = new Map<number, Watch>();
  /** Watches to request before the next wait. */
  #list: Watch[] = [];
  #sink: RawSink = noSink;
  #told = 0;

  /** Throws PlatformError. */
  constructor(shared: Shared, blocking: Set<Blocking>) {
    this.#shared = shared;
    this.#queue = new CompletionQueue(shared, this);
    try {
      this.#afd = new Afd(shared, this.#queue);
    } catch (error) {
      this.#queue.dispose();
      throw error;
    }
    this.#blocking = blocking;
    blocking.add(this);
  }

  get waitDescriptor(): number {
    return this.#queue.handle;
  }

  get breakDescriptor(): number {
    return this.#queue.handle;
  }

  add(fd: number, mode: number, trigger: Trigger, tag: number): number {
    if (this.#owns(fd)) return -ERRNO.EINVAL;
    const base = this.#afd.base(fd);
    if (base < 0) return base;
    if (this.#watches.has(fd)) return -EEXIST;
    const operation = this.#shared.arena.take(BARE);
    if (operation === null) return -ERRNO.ENOBUFS;
    const watch = new Watch(fd, base, operation);
    this.#watches.set(fd, watch);
    watch.set(mode, trigger, tag, this.#afd);
    this.#enlist(watch);
    return 0;
  }

  modify(fd: number, mode: number, trigger: Trigger, tag: number): number {
    const watch = this.#watches.get(fd);
    if (watch === undefined) return this.#owns(fd) ? -ERRNO.EINVAL : -ENOENT;
    watch.set(mode, trigger, tag, this.#afd);
    this.#enlist(watch);
    return 0;
  }

  remove(fd: number): number {
    const watch = this.#watches.get(fd);
    if (watch === undefined) return this.#owns(fd) ? -ERRNO.EINVAL : -ENOENT;
    watch.end(this.#afd);
    this.#forget(watch);
    return 0;
  }

  wait(delay: number, sink: RawSink): number {
    this.#sink = sink;
    this.#told = 0;
    const end = delay > 0 ? performance.now() + delay / 1e6 : 0;
    for (let left = delay;;) {
      const asked = this.#ask();
      if (asked < 0) return asked;
      const taken = this.#queue.poll(left);
      if (taken < 0) return taken;
      if (this.#told > 0 || this.#queue.woken) return this.#told;
      if (delay >= 0) left = Math.max(0, (end - performance.now()) * 1e6);
      // Do not return early for the packet of a cancelled request, which reports nothing.
      if (taken === 0 && left === 0) return 0;
    }
  }

  break(): void {
    this.#queue.break();
  }

  /** See {@linkcode CompletionHandler}. */
  over(operation: Operation): void {
    const watch = operation.owner as Watch;
    const mode = watch.completed(operation);
    if (watch.gone) return this.#forget(watch);
    this.#enlist(watch);
    if (mode === 0) return;
    this.#told++;
    watch.tell(mode, this.#sink);
  }

  /** See {@linkcode Blocking}. */
  blocked(fd: number, mode: number): void {
    const watch = this.#watches.get(fd);
    if (watch === undefined) return;
    watch.blocked(mode, this.#afd);
    this.#enlist(watch);
  }

  /** See {@linkcode Blocking}. */
  closing(fd: number): void {
    if (this.#watches.has(fd)) this.remove(fd);
  }

  /** Returns a wait in the host's loop until this poller has events. */
  hostWait(): HostWait {
    return this.#queue.hostWait();
  }

  dispose(): void {
    this.#blocking.delete(this);
    for (const fd of [...this.#watches.keys()]) this.remove(fd);
    this.#queue.drain();
    this.#queue.dispose();
    this.#afd.dispose();
  }

  #owns(fd: number): boolean {
    return fd === this.#queue.handle || fd === this.#afd.handle;
  }

  #enlist(watch: Watch): void {
    if (watch.listed) return;
    watch.listed = true;
    this.#list.push(watch);
  }

  /** Requests the events of all listed watches. 0 or minus an errno. */
  #ask(): number {
    const list = this.#list;
    if (list.length === 0) return 0;
    this.#list = [];
    let failed = 0;
    for (const watch of list) {
      watch.listed = false;
      if (watch.gone) continue;
      const done = watch.ask(this.#afd);
      if (watch.gone) this.#forget(watch);
      if (done === 0) continue;
      failed = done;
      this.#enlist(watch);
    }
    return failed;
  }

  /** Frees the slot of a watch as soon as no request is pending. */
  #forget(watch: Watch): void {
    if (this.#watches.get(watch.fd) === watch) this.#watches.delete(watch.fd);
    if (!watch.asking) this.#shared.arena.give(watch.operation);
  }
}

function noSink(): void {}
