// SPDX-License-Identifier: MIT
/**
 * Many dial one listener, and several accept by every way at once: each connection that was dialled
 * is accepted once and answered, whatever deadlines and cancels the others have.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  after,
  background,
  type Conn,
  dial,
  dump,
  go,
  gosched,
  listen,
  type Listener,
  type Routine,
  select,
  sleep,
  timerFunc,
  withTimeout,
} from "../../mod.ts";
import { Random } from "./random.ts";
import { outcomeOf, Trial } from "./trial.ts";

/** Longest life of a trial: then it hangs. */
const HANGS_MS = 10_000;
const ANSWER = Uint8Array.of(1);

/** One listener and its clients. */
class Rush {
  readonly #trial: Trial;
  readonly #random: Random;
  readonly #network: "tcp" | "unix";
  readonly #listener: Listener;
  readonly #clients = new Set<Conn>();
  #over = false;
  #dialled = 0;
  #answered = 0;

  constructor(trial: Trial, random: Random, network: "tcp" | "unix", listener: Listener) {
    this.#trial = trial;
    this.#random = random;
    this.#network = network;
    this.#listener = listener;
  }

  *run(): Routine<void> {
    const random = this.#random;
    const acceptors = random.list(1 + random.below(3), () => go(() => this.#accept()));
    const dialers = random.list(5 + random.below(30), () => go(() => this.#dial()));
    const watchdog = timerFunc(HANGS_MS, () => {
      this.#trial.wrong(`it hangs\n${dump()}`);
      this.#end();
    });
    for (const dialer of dialers) yield* dialer.join();
    watchdog.stop();
    this.#trial.check(
      this.#answered === this.#dialled,
      `${this.#dialled} were dialled and ${this.#answered} answered`,
    );
    this.#end();
    for (const acceptor of acceptors) yield* acceptor.join();
  }

  #end(): void {
    this.#over = true;
    this.#listener[Symbol.dispose]();
    for (const conn of this.#clients) conn[Symbol.dispose]();
  }

  *#accept(): Routine<void> {
    while (!this.#over) {
      try {
        const conn = yield* this.#acceptOnce(this.#random.below(4), this.#random.next() * 4);
        if (conn !== null) go(() => this.#answer(conn));
      } catch (error) {
        const outcome = outcomeOf(error);
        const right = outcome === "late" || (outcome === "closed" && this.#over);
        this.#trial.check(right, `accept ended: ${(error as Error).stack}`);
        if (!right) return this.#end();
      }
      if (this.#random.chance(0.2)) yield* gosched();
    }
  }

  /** Accepts in one of four ways; null if `ms` went by without anyone. */
  *#acceptOnce(way: number, ms: number): Routine<Conn | null> {
    const listener = this.#listener;
    if (way === 0) return yield* listener.accept();
    if (way === 1) {
      const got = yield* select(listener.onAccept(), after(ms).onRecv());
      return got.index === 0 ? got.value as Conn : null;
    }
    if (way === 2) {
      const [context, cancel] = withTimeout(background(), ms);
      try {
        return yield* listener.accept(context);
      } finally {
        cancel();
      }
    }
    listener.setDeadline(Date.now() + ms);
    try {
      return yield* listener.accept();
    } finally {
      if (!this.#over) listener.setDeadline(null);
    }
  }

  *#answer(conn: Conn): Routine<void> {
    using _ = conn;
    try {
      yield* conn.write(ANSWER);
      if (this.#random.chance(0.5)) yield* sleep(this.#random.next() * 3);
    } catch (error) {
      // A client that canceled its dial, or has its answer, is gone.
      this.#trial.check(outcomeOf(error) === "gone", `write ended: ${(error as Error).stack}`);
    }
  }

  *#dial(): Routine<void> {
    const random = this.#random;
    yield* sleep(random.next() * 20);
    const timeout = random.chance(0.2) ? random.next() * 3 : undefined;
    let conn: Conn;
    try {
      conn = yield* dial(this.#network, String(this.#listener.addr), { timeout }) as Routine<Conn>;
    } catch (error) {
      const right = timeout !== undefined && outcomeOf(error) === "late";
      return this.#trial.check(right, `dial ended: ${(error as Error).stack}`);
    }
    using _ = conn;
    this.#dialled++;
    this.#clients.add(conn);
    try {
      const n = yield* conn.read(new Uint8Array(5));
      if (n === 1) this.#answered++;
    } catch (error) {
      this.#trial.wrong(`read ended: ${(error as Error).stack}`);
    } finally {
      this.#clients.delete(conn);
    }
  }
}

let names = 0;

/** Does what is drawn from `seed`; returns what was wrong, or null. Parks. */
export function* fuzzAccept(seed: number): Routine<Error | null> {
  const random = new Random(seed);
  const network = random.pick(["tcp", "tcp", "unix"] as const);
  const trial = new Trial("accept", seed);
  trial.note(network);
  const name = join(tmpdir(), `netpoll-fuzz-accept-${process.pid}-${names++}`);
  const listener = network === "tcp"
    ? yield* listen("tcp", "127.0.0.1:0")
    : yield* listen("unix", name);
  try {
    yield* new Rush(trial, random, network, listener).run();
  } catch (error) {
    trial.wrong(`a goroutine failed: ${(error as Error).stack}`);
  }
  return trial.failure;
}
