// SPDX-License-Identifier: MIT
/** Place of a worker, which keeps its number across restarts. */
import { platform } from "../../platforms/platform.ts";
import type { Candidate } from "./balance.ts";
import type { Limiter } from "../limit/limiter.ts";
import * as P from "../worker/protocol.ts";
import { type Accepted, MOST_TOKENS } from "../worker/shared_rings.ts";
import type { WorkerThread } from "../worker/worker_thread.ts";

/**
 * State of a worker. "starting": it is loading its module. "serving". "paused": it keeps its
 * connections and accepts no new ones. "waiting": it has died and will be restarted. "ended".
 */
export type WorkerState = "starting" | "serving" | "paused" | "waiting" | "ended";

/** Worker of a reactor. */
export interface ReactorWorker {
  /** Number of the worker, starting at 0; unchanged by a restart. */
  readonly id: number;
  /** See {@linkcode WorkerState}. */
  readonly state: WorkerState;
  /** Number of open connections. */
  readonly connections: number;
  /**
   * Stops handing new connections to it; existing ones continue. If all workers are paused,
   * accepting stops. Never parks.
   */
  pause(): void;
  /** Reverses `pause`. Never parks. */
  resume(): void;
  /**
   * Terminates its thread, whatever it is doing; it is then restarted as if it had died. Never
   * parks.
   */
  terminate(): void;
}

/** See the top of this file. */
export class WorkerSlot implements ReactorWorker, Candidate {
  readonly id: number;
  state: WorkerState = "starting";
  link: WorkerThread | null = null;
  /** Number of its connections when it was terminated. */
  lost = 0;
  readonly #limiter: Limiter;
  /** Maximum number of goroutines at which it may get another connection. */
  readonly #mostGoroutines: number;
  /** Connections passed to it, by token, with the key under which the limiter counts each. */
  readonly #held = new Map<number, string>();
  /** Those of them that are closed but linger, the oldest first. */
  readonly #lingering = new Set<number>();
  readonly #onPause: (slot: WorkerSlot, paused: boolean) => void;
  /** Number of connections that its workers, past and present, have accepted themselves. */
  #accepted = 0;
  /** The worker's own count at the last look. */
  #acceptedWord = 0;
  #paused = false;
  #lastToken = 0;

  constructor(id: number, limiter: Limiter, onPause: (slot: WorkerSlot, paused: boolean) => void) {
    this.id = id;
    this.#limiter = limiter;
    this.#onPause = onPause;
    this.#mostGoroutines = limiter.limits.goroutines?.most ?? Infinity;
  }

  get connections(): number {
    return this.#held.size + this.#word(P.OWN_CONNECTIONS);
  }

  /** Number of connections that it has accepted itself, also before its last restart. */
  get ownAccepted(): number {
    const word = this.link === null ? this.#acceptedWord : this.#word(P.OWN_ACCEPTED);
    // The worker's word has 32 bits, and wraps around.
    this.#accepted += (word - this.#acceptedWord) >>> 0;
    this.#acceptedWord = word;
    return this.#accepted;
  }

  /**
   * Number of goroutines that it has reported, and that it will start for connections passed to it.
   */
  get goroutines(): number {
    return this.#word(P.GOROUTINES) + (this.link?.descriptors.length ?? 0);
  }

  /** Whether it can be given another connection, apart from a limit of goroutines. */
  get able(): boolean {
    const { link } = this;
    return this.state === "serving" && link !== null && link.up && !link.descriptors.full &&
      this.#held.size < MOST_TOKENS;
  }

  get ready(): boolean {
    return this.able && this.goroutines < this.#mostGoroutines;
  }

  get paused(): boolean {
    return this.#paused;
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    if (this.state === "serving") this.state = "paused";
    this.#onPause(this, true);
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.state === "paused") this.state = "serving";
    this.#onPause(this, false);
    this.#limiter.look();
  }

  terminate(): void {
    this.lost = this.connections;
    this.link?.terminate();
  }

  /** Called when it is up. */
  began(): void {
    this.state = this.#paused ? "paused" : "serving";
    this.#limiter.look();
  }

  /** Passes a connection to it, which the limiter counts under `address`. It must be ready. */
  hand(sysfd: number, accepted: Accepted, address: string): void {
    const token = this.#lastToken = (this.#lastToken + 1) | 0;
    this.#held.set(token, address);
    platform().sockets.handedOn?.(sysfd);
    this.link!.descriptors.push(sysfd, token, accepted);
    this.link!.wake();
  }

  /** Handed connections that are closed and linger, and are not to be cut already. */
  get lingering(): number {
    return this.#lingering.size;
  }

  /** Records that the connection of `token` is closed, and lingers. */
  lingers(token: number): void {
    if (!this.#held.has(token)) return;
    this.#lingering.add(token);
    this.#limiter.look();
  }

  /**
   * Makes the worker close its oldest lingering connection, of one address or of all; returns false
   * if none lingers.
   */
  cutLingering(address: string | null): boolean {
    for (const token of this.#lingering) {
      if (address !== null && this.#held.get(token) !== address) continue;
      this.#lingering.delete(token);
      this.link?.send({ type: "cut", token });
      return true;
    }
    return false;
  }

  /** Collects the tokens of closed connections. */
  collect(): void {
    if (this.link === null) return;
    void this.ownAccepted;
    const { tokens } = this.link;
    for (let token; (token = tokens.shift()) !== -1;) this.#release(token);
  }

  /** What a connection that was not taken over is counted under; it is this worker's no more. */
  takeBack(token: number): string | undefined {
    const address = this.#held.get(token);
    this.#held.delete(token);
    return address;
  }

  /** Called when it is gone, and everything it had is closed. */
  clear(): void {
    for (const token of [...this.#held.keys()]) this.#release(token);
    void this.ownAccepted;
    this.#acceptedWord = 0;
    this.link = null;
    this.lost = 0;
  }

  #release(token: number): void {
    const address = this.#held.get(token);
    if (address === undefined) return;
    this.#held.delete(token);
    this.#lingering.delete(token);
    this.#limiter.leave(address);
  }

  #word(word: number): number {
    return this.link === null ? 0 : Atomics.load(this.link.words, word);
  }
}
