// SPDX-License-Identifier: MIT
/** What the cases of poller_cases.ts are made of: a poller, sockets without goroutines, events as a list. */
import assert from "node:assert/strict";
import { platform } from "../../platforms/platform.ts";
import {
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
  type Poller,
  type RawAddress,
  type SocketCalls,
} from "../../platforms/contract/platform.ts";

/** A system's poller under test. */
export interface PollerSystem {
  /** What it is called in the names of the tests. */
  readonly name: string;
  open(): Poller;
  readonly sockets: SocketCalls;
  readonly errno: { readonly EAGAIN: number; readonly EINPROGRESS: number };
  /** Starts to connect a socket that no poller has. As of {@linkcode SocketCalls}. */
  connect(fd: number, address: RawAddress): number;
  /** Accepts a connection, possibly one that the poller has. See {@linkcode SocketCalls}. */
  accept(fd: number): number;
  /** Wakes the poller with this `breakDescriptor`, from any thread. */
  wake(breakDescriptor: number): number;
  /**
   * Called before an event of a direction is waited for. A readiness poller has nothing to do; on a
   * completion poller it requests the event, by an operation that consumes no byte.
   */
  want(poller: Poller, fd: number, direction: "read" | "write"): void;
  /** Cases that cannot run there, and why not. */
  readonly skip: Readonly<Record<string, string>>;
}

/** What a case does; what it throws is its failure. */
export type Case = (bench: Bench) => void | Promise<void>;

/** Longest that something may take to come, in milliseconds. */
const PATIENCE_MS = 10_000;
/** How long it is waited for what must not come. */
const QUIET_NS = 20e6;

/** One event. */
export interface Seen {
  readonly slot: number;
  readonly sequence: number;
  readonly mode: number;
}

/** The things of one case; all is given back at its end. */
export class Bench {
  readonly system: PollerSystem;
  readonly poller: Poller;
  readonly #pollers: Poller[] = [];
  readonly #fds = new Set<number>();

  constructor(system: PollerSystem) {
    this.system = system;
    this.poller = this.another();
  }

  /** One more poller. */
  another(): Poller {
    const poller = this.system.open();
    this.#pollers.push(poller);
    return poller;
  }

  /** A listening socket on a free port of 127.0.0.1. */
  listener(): number {
    const { sockets } = this.system;
    const fd = this.socket();
    const any = { ip: Uint8Array.of(127, 0, 0, 1), port: 0, scope: 0 };
    assert.equal(sockets.bind(fd, platform().sockaddr.encode(any)), 0);
    assert.equal(sockets.listen(fd, 1024), 0);
    return fd;
  }

  /** A socket that is nothing yet. */
  socket(): number {
    return this.#own(this.system.sockets.streamSocket("ip4"));
  }

  /** The two ends of a connection through `listener`, or through one of their own. */
  pair(listener?: number): [number, number] {
    const own = listener ?? this.listener();
    const fd = this.socket();
    const pair = this.connect(fd, own);
    if (listener === undefined) this.close(own);
    return pair;
  }

  /** Connects `fd` to `listener`. Returns both ends. */
  connect(fd: number, listener: number): [number, number] {
    const { accept, errno, sockets } = this.system;
    this.dial(fd, listener);
    let accepted = -errno.EAGAIN;
    this.#await(() => (accepted = accept(listener)) !== -errno.EAGAIN, "no connection came");
    this.#own(accepted);
    this.#await(() => sockets.ready(fd, "write") === 1, "the connection was not made");
    return [fd, accepted];
  }

  /** Starts to connect `fd` to `listener`. */
  dial(fd: number, listener: number): void {
    const { connect, errno, sockets } = this.system;
    const address = sockets.localAddress(listener);
    assert.ok(typeof address !== "number");
    const done = connect(fd, address);
    assert.ok(done === 0 || done === -errno.EINPROGRESS, `connect: ${done}`);
  }

  /** Accepts the queued connection. */
  accept(listener: number): number {
    return this.#own(this.system.accept(listener));
  }

  /** Events of a hang-up: nothing where every read must ask. */
  get hangup(): number {
    return this.poller.edgePerArrival ? POLL_HANGUP : 0;
  }

  /** Registers `fd`. */
  open(fd: number, slot: number, sequence: number, poller = this.poller): void {
    assert.equal(poller.open(fd, slot, sequence), 0);
  }

  /** Closes `fd`, which no poller has. */
  close(fd: number): void {
    if (this.#fds.delete(fd)) assert.equal(this.system.sockets.close(fd), 0);
  }

  send(fd: number, text: string): void {
    const bytes = new TextEncoder().encode(text);
    assert.equal(this.system.sockets.send(fd, bytes, bytes.length), bytes.length);
  }

  /** Result of one `recv`: text, "" at the end of the stream, or minus an errno. */
  recv(fd: number): string | number {
    const bytes = new Uint8Array(64 * 1024);
    const n = this.system.sockets.recv(fd, bytes, bytes.length);
    return n < 0 ? n : new TextDecoder().decode(bytes.subarray(0, n));
  }

  /** Writes until there is no room. Returns the number of bytes. */
  fill(fd: number): number {
    const bytes = new Uint8Array(64 * 1024);
    for (let sent = 0;;) {
      const n = this.system.sockets.send(fd, bytes, bytes.length);
      if (n === -this.system.errno.EAGAIN) return sent;
      assert.ok(n > 0, `send: ${n}`);
      sent += n;
    }
  }

  /** Reads `length` bytes away. */
  drain(fd: number, length: number): void {
    for (let got = 0; got < length;) {
      const text = this.recv(fd);
      if (typeof text === "string" && text !== "") got += text.length;
      else assert.equal(text, -this.system.errno.EAGAIN);
    }
  }

  /** One poll. */
  poll(delay: number, poller = this.poller): Seen[] {
    const seen: Seen[] = [];
    const count = poller.poll(delay, (slot, sequence, mode) => {
      seen.push({ slot, sequence, mode });
    });
    assert.ok(count >= seen.length, `poll: ${count} for ${seen.length} events`);
    return seen;
  }

  /** Polls until slot `slot` has received all of `mode`; returns all its events. */
  until(slot: number, mode: number, poller = this.poller): number {
    let told = 0;
    this.#await(() => {
      for (const each of this.poll(10e6, poller)) if (each.slot === slot) told |= each.mode;
      return (told & mode) === mode;
    }, () => `told ${modeText(told)} instead of ${modeText(mode)}`);
    return told;
  }

  /** Polls until nothing comes. */
  settle(poller = this.poller): void {
    this.#await(() => this.poll(QUIET_NS, poller).length === 0, "it never became quiet");
  }

  /** Events of slot `slot` within a while. */
  quiet(slot: number, poller = this.poller): number {
    let told = 0;
    for (const each of this.poll(QUIET_NS, poller)) if (each.slot === slot) told |= each.mode;
    return told;
  }

  /** Releases everything. */
  dispose(): void {
    for (const poller of this.#pollers) poller.dispose();
    for (const fd of [...this.#fds]) this.close(fd);
  }

  #own(fd: number): number {
    assert.ok(fd >= 0, `no descriptor: ${fd}`);
    this.#fds.add(fd);
    return fd;
  }

  #await(condition: () => boolean, failure: string | (() => string)): void {
    const end = performance.now() + PATIENCE_MS;
    while (!condition()) {
      if (performance.now() < end) continue;
      assert.fail(typeof failure === "string" ? failure : failure());
    }
  }
}

/** "read write hangup error", as far as it is so. */
export function modeText(mode: number): string {
  const names = [
    [POLL_READ, "read"],
    [POLL_WRITE, "write"],
    [POLL_HANGUP, "hangup"],
    [POLL_ERROR, "error"],
  ] as const;
  return names.filter(([bit]) => mode & bit).map(([, name]) => name).join(" ") || "nothing";
}
