// SPDX-License-Identifier: MIT
/**
 * A worker thread, as the main thread sees it: its start, its messages, and above all its end.
 *
 * A worker may end in order, by an error, by `process.exit`, or because it was terminated. The
 * host's reports of that are not enough: none arrives while the main thread is blocked in the
 * poller, and Deno reports the end of a thread up to two seconds before it. Only when the kernel
 * reports that the thread is gone are its open descriptors closed, for before that it might close
 * one itself, and the number may belong to another file by then.
 */
import {
  MessageChannel,
  receiveMessageOnPort,
  type Transferable,
  Worker,
} from "node:worker_threads";
import { moduleBeside } from "../../platforms/contract/host.ts";
import { platform } from "../../platforms/platform.ts";
import { FdTable } from "../netpoll/fd_table.ts";
import { beforeUnload, type Steps } from "../netpoll/unload.ts";
import { buryWaker, wake, type WakerHandle } from "../fd/wake_words.ts";
import { Waker } from "../fd/waker.ts";
import { sleep } from "../sched/api.ts";
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { CallTimer } from "../sched/timer_heap.ts";
import * as P from "./protocol.ts";
import { unpack } from "./error_codec.ts";
import { type Accepted, DescriptorRing, TokenRing } from "./shared_rings.ts";
import { notStarted, type WorkerProgram, workerProgram } from "../bundle/worker_program.ts";
import { now } from "../sched/clock.ts";

/** Interval at which a blocked main thread checks that the worker is alive. */
const CHECK_MS = 250;
/** How long a thread whose work is done may take to end, in milliseconds. */
const LEAVING_MS = 100;
/** Longest wait for the end of a terminated thread, in milliseconds. */
const GONE_MS = 1000;
/** Longest wait for the end of a worker whose main thread's program is discarded, in milliseconds. */
const UNLOAD_MS = 1000;
/** Interval between two checks. */
const FIRST_LOOK_MS = 0.5;
const LONGEST_LOOK_MS = 20;

/** A connection that was passed to a worker and not taken over. */
export interface Undelivered {
  readonly sysfd: number;
  readonly token: number;
  readonly accepted: Accepted;
}

/** How a worker ended. */
export interface WorkerEnd {
  /** Whether it ended by itself, without an error. */
  readonly orderly: boolean;
  /** The error that ended it, if known. */
  readonly error: unknown;
  /** Number of its open connections when it failed, if known. */
  readonly connections: number;
  readonly undelivered: readonly Undelivered[];
  /** Whether its thread still exists, busy with something that cannot be interrupted. */
  readonly stuck: boolean;
}

/** See the top of this file. */
export class WorkerThread {
  /** See src/worker/protocol.ts. */
  readonly words: Int32Array;
  readonly descriptors: DescriptorRing = new DescriptorRing();
  readonly tokens: TokenRing = new TokenRing();
  readonly #fdTable = new FdTable();
  readonly #waker = new Waker();
  readonly #channel = new MessageChannel();
  readonly #worker: Worker;
  readonly #program: WorkerProgram;
  #handle: WakerHandle | null = null;
  /** Whether it, the host or the kernel has reported its end. */
  #over = false;
  #saidOver = false;
  #exited = false;
  #error: unknown = null;
  #connections = 0;
  #take: (message: P.ToMain) => void = () => {};
  readonly #forgetUnload: () => void;

  /** Throws the host's error: a DataCloneError, or that no thread is available. */
  constructor(
    settings: Omit<
      P.WorkerStart,
      "bundled" | "words" | "fdTable" | "descriptors" | "tokens" | "port" | "main"
    >,
  ) {
    const entry = moduleBeside(import.meta.url, "../reactor/worker_entry");
    const program = this.#program = workerProgram(entry, settings.module);
    const memory = new SharedArrayBuffer(P.WORDS * 4);
    this.words = new Int32Array(memory);
    const port = this.#channel.port2;
    const start: P.WorkerStart = {
      ...settings,
      module: program.module,
      bundled: program.bundled,
      words: memory,
      fdTable: this.#fdTable.memory,
      descriptors: this.descriptors.memory,
      tokens: this.tokens.memory,
      port,
      main: this.#waker.handle,
    };
    try {
      this.#worker = new Worker(program.url, { workerData: start, transferList: [port] });
    } catch (error) {
      this.#waker.close();
      this.#channel.port1.close();
      throw error;
    }
    this.#forgetUnload = beforeUnload(this.#endAtUnload());
    // The goroutine that serves it keeps the process alive.
    this.#worker.unref();
    this.#worker.on("error", (error: unknown) => this.#error ??= error);
    this.#worker.on("exit", () => {
      this.#exited = true;
      wake(this.#waker.handle);
    });
  }

  /** Whether it is ready for messages and connections. */
  get up(): boolean {
    return this.#handle !== null && !this.#over;
  }

  /** Sends a message, which waits until the worker is up. */
  send(message: P.ToWorker, transfer: Transferable[] = []): void {
    this.#channel.port1.postMessage(message, transfer);
    this.wake();
  }

  /** Makes it look at its messages, connections and orders. */
  wake(): void {
    if (this.#handle !== null) wake(this.#handle);
  }

  /** Orders its end: {@linkcode P.DRAIN} or {@linkcode P.STOP}. */
  order(order: number): void {
    Atomics.store(this.words, P.ORDER, Math.max(order, Atomics.load(this.words, P.ORDER)));
    this.wake();
  }

  /** Terminates it, whatever it is doing. {@linkcode attend} closes what that leaves. */
  terminate(): void {
    Atomics.store(this.words, P.ORDER, P.STOP);
    void this.#worker.terminate();
    // On Deno a thread that is blocked in a call continues only when the call returns.
    this.wake();
    this.#over = true;
    wake(this.#waker.handle);
  }

  /**
   * Reads its messages, and handles whatever else it may have woken this thread for, until it ends;
   * then closes what it has left open. Parks.
   */
  *attend(take: (message: P.ToMain) => void, woken: () => void): Routine<WorkerEnd> {
    this.#take = take;
    const check = new CallTimer(() => {
      if (this.#gone) this.#exited = true;
      if (this.#gone) wake(this.#waker.handle);
      else scheduler.timers.set(check, now() + CHECK_MS);
    });
    if (scheduler.blocking) scheduler.timers.set(check, now() + CHECK_MS);
    try {
      while (!this.#over && !this.#exited) {
        yield* this.#waker.wait();
        this.#receive();
        woken();
      }
    } finally {
      scheduler.timers.stop(check);
    }
    return yield* this.end(0);
  }

  /** Ends it, forcibly after `grace` milliseconds, and closes what it has left open. Parks. */
  *end(grace: number): Routine<WorkerEnd> {
    const byItself = this.#exited && Atomics.load(this.words, P.ORDER) === P.RUN;
    this.order(P.STOP);
    yield* this.#until(() => this.#over || this.#exited, grace);
    // A worker that has reported its end exits by itself, unless the user's code holds it.
    if (this.#saidOver) yield* this.#until(() => this.#gone, LEAVING_MS);
    this.terminate();
    const gone = yield* this.#until(() => this.#gone, GONE_MS);
    this.#receive();
    const undelivered = gone ? this.#undelivered() : [];
    if (gone) this.#closeLeft();
    if (gone) this.#waker.closeAfterDeath();
    else this.#waker.close();
    this.#channel.port1.close();
    this.#forgetUnload();
    if (byItself && this.#program.bundled && this.#handle === null && !this.#saidOver) {
      this.#error ??= notStarted(this.#program.module, "reactor");
    }
    const orderly = this.#saidOver && this.#error === null;
    const connections = this.#connections;
    return { orderly, error: this.#error, connections, undelivered, stuck: !gone };
  }

  /**
   * Ends it while this thread's program is discarded, where nothing may wait but the thread itself.
   * Deno ends a worker then only if it waits in the event loop of Deno, and closes none of its
   * sockets. In steps, so that many workers end at the same time.
   */
  #endAtUnload(): Steps {
    let leaving = 0;
    return [
      () => {
        this.#take = () => {};
        this.order(P.STOP);
      },
      () => {
        this.#block(() => this.#over, UNLOAD_MS);
        this.terminate();
        leaving = now() + LEAVING_MS;
      },
      () => {
        if (this.#block(() => this.#gone, leaving - now())) this.#closeLeft();
      },
    ];
  }

  /** Blocks this thread until `condition` or for `limit` milliseconds; returns the condition. */
  #block(condition: () => boolean, limit: number): boolean {
    for (const end = now() + limit; !condition() && now() < end; this.#receive()) {
      Atomics.wait(this.words, P.ORDER, P.STOP, 1);
    }
    return condition();
  }

  /** Whether its thread is gone. Where the kernel cannot tell, the host's report must do. */
  get #gone(): boolean {
    const thread = Atomics.load(this.words, P.THREAD);
    const { threads } = platform();
    return thread === 0 || threads === undefined ? this.#exited : !threads.alive(thread);
  }

  *#until(condition: () => boolean, limit: number): Routine<boolean> {
    const end = now() + limit;
    for (let look = FIRST_LOOK_MS; !condition(); look = Math.min(look * 2, LONGEST_LOOK_MS)) {
      if (now() >= end) return false;
      yield* sleep(look);
      this.#receive();
    }
    return true;
  }

  #receive(): void {
    for (let got; (got = receiveMessageOnPort(this.#channel.port1)) !== undefined;) {
      const message = got.message as P.ToMain;
      if (message.type === "up") this.#came(message.waker);
      if (message.type === "over") {
        this.#over = this.#saidOver = true;
        this.#connections = message.connections;
        if (message.error !== null) this.#error ??= unpack(message.error);
      }
      this.#take(message);
    }
  }

  /** A message may have arrived after its first look, while this thread could not wake it. */
  #came(waker: WakerHandle): void {
    this.#handle = waker;
    this.wake();
  }

  /** Closes the connections left in the ring, except one that it was taking over as it died. */
  #undelivered(): Undelivered[] {
    const ring = this.descriptors;
    const left: Undelivered[] = [];
    for (let sysfd; (sysfd = ring.peek()) !== -1; ring.shift()) {
      if (this.#fdTable.has(sysfd)) continue;
      left.push({ sysfd, token: ring.token, accepted: ring.accepted });
    }
    return left;
  }

  #closeLeft(): void {
    if (this.#handle !== null) buryWaker(this.#handle);
    const { sockets } = platform();
    for (const fd of this.#fdTable) {
      this.#fdTable.remove(fd);
      if (sockets.closeAny !== undefined) sockets.closeAny(fd);
      else sockets.close(fd);
    }
  }
}
