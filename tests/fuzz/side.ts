// SPDX-License-Identifier: MIT
/** One side of a connection at work: it does what its plan says, and checks what becomes of it. */
import {
  background,
  type Cancel,
  type Conn,
  go,
  gosched,
  type Routine,
  scope,
  sleep,
  withCancel,
  withTimeout,
} from "../../mod.ts";
import type { Ending, Network, SidePlan, Step } from "./plan.ts";
import type { Stream } from "./stream.ts";
import { type Outcome, outcomeOf, type Trial } from "./trial.ts";

/** How long after `closeRead` a side closes. */
const CLOSE_AFTER_MS = 15;
/** What a buffer holds where no byte may come. */
const UNTOUCHED = 0xaa;

/** What a side has done, which tells what may befall the calls of both. */
interface State {
  closed: boolean;
  aborted: boolean;
  readClosed: boolean;
  writeClosed: boolean;
  /** Whether it ever had a deadline, by direction. */
  readonly late: { read: boolean; write: boolean };
}

/** One side at work. */
export class Side {
  readonly state: State = {
    closed: false,
    aborted: false,
    readClosed: false,
    writeClosed: false,
    late: { read: false, write: false },
  };
  peer!: Side;
  readonly #chunks;

  readonly trial: Trial;
  readonly network: Network;
  readonly id: number;
  readonly plan: SidePlan;
  readonly conn: Conn;
  readonly out: Stream;
  readonly incoming: Stream;

  constructor(
    parts: Pick<Side, "trial" | "network" | "id" | "plan" | "conn" | "out" | "incoming">,
  ) {
    this.trial = parts.trial;
    this.network = parts.network;
    this.id = parts.id;
    this.plan = parts.plan;
    this.conn = parts.conn;
    this.out = parts.out;
    this.incoming = parts.incoming;
    this.#chunks = this.plan.chunks ? this.conn.chunks() : null;
  }

  note(what: string): void {
    this.trial.note(`side ${this.id}: ${what}`);
  }

  wrong(what: string): void {
    this.trial.wrong(`side ${this.id}: ${what}`);
  }

  *write(): Routine<void> {
    for (const step of this.plan.writes) {
      yield* this.#before("write", step);
      if (this.state.closed) return;
      const pieces = this.#pieces(step.sizes);
      const total = this.out.offered = pieces.reduce((sum, { length }) => sum + length, 0);
      this.note(`write ${step.sizes} at ${this.out.accepted} ${step.ending?.how ?? ""}`);
      const done = yield* this.#limited(
        "write",
        step.ending,
        (cancel) =>
          pieces.length === 1
            ? this.conn.write(pieces[0], cancel)
            : this.conn.writev(pieces, cancel),
      );
      this.out.accepted += this.#written(done, total);
      this.out.offered = 0;
      // The caller may use its memory again.
      for (const piece of pieces) piece.fill(UNTOUCHED);
      if ("outcome" in done && done.outcome !== "late") return;
    }
    if (this.plan.closesWrite) this.closeWrite();
  }

  /** Reads to the end, by goroutines that are ended now and then: no byte may be lost by that. */
  *read(): Routine<void> {
    let over = false;
    for (const life of this.plan.lives) {
      const ended = new Error("the end of a reader's life");
      try {
        yield* scope((s) => this.#live(s, life, ended, () => over = true, () => over));
      } catch (error) {
        if (error !== ended) throw error;
      }
      this.note("a reader's life has ended");
      if (over) return;
    }
    yield* this.#readOn();
  }

  *upset(): Routine<void> {
    const { upset } = this.plan;
    if (upset === null) return;
    yield* sleep(upset.after);
    if (upset.how === "closeWrite") return this.closeWrite();
    if (upset.how === "closeRead") {
      this.note("closeRead");
      this.state.readClosed = true;
      this.#quietly(() => this.conn.closeRead());
      yield* sleep(CLOSE_AFTER_MS);
    }
    this.state.closed = true;
    this.note(upset.how === "abort" ? "abort" : "close");
    if (upset.how === "abort") {
      this.state.aborted = true;
      this.conn.abort();
    } else {
      this.conn.close();
    }
  }

  closeWrite(): void {
    const { state } = this;
    if (state.closed || state.writeClosed) return;
    state.writeClosed = true;
    this.note(`closeWrite at ${this.out.accepted}`);
    this.#quietly(() => this.conn.closeWrite());
  }

  /** What this side has written arrived, and its end, where nothing forbade that. */
  checkArrived(): void {
    const { out, state: from, peer: { state: to } } = this;
    if (from.aborted || to.aborted || to.readClosed || to.closed) return;
    // A side that wrote nothing and left its input unread may reset: there is nothing to lose.
    if (from.closed && out.accepted === 0 && out.end === "gone") return;
    if (out.end !== "end") this.wrong(`its peer did not see the end of the stream: ${out.end}`);
    else if (out.received !== out.accepted) {
      this.wrong(`${out.accepted} bytes were accepted, and ${out.received} came before the end`);
    }
  }

  *#live(
    s: { go(f: () => Routine<void>): unknown },
    life: number,
    ended: Error,
    finish: () => void,
    over: () => boolean,
  ): Routine<void> {
    s.go(() => this.#readThen(finish));
    yield* sleep(life);
    if (!over()) throw ended;
  }

  *#readThen(finish: () => void): Routine<void> {
    yield* this.#readOn();
    finish();
  }

  *#readOn(): Routine<void> {
    for (let i = 0;; i = (i + 1) % this.plan.reads.length) {
      const step = this.plan.reads[i];
      yield* this.#before("read", step);
      const done = yield* this.#limited("read", step.ending, (cancel) => this.#take(step, cancel));
      if ("outcome" in done && done.outcome === "late") continue;
      if ("value" in done && done.value) continue;
      this.incoming.end = "value" in done ? "end" : done.outcome;
      this.note(`${this.incoming.end} after ${this.incoming.received}`);
      return;
    }
  }

  /** Reads once; false at the end of the stream. */
  *#take({ sizes: [size] }: Step, cancel: Cancel | undefined): Routine<boolean> {
    if (this.#chunks !== null) {
      const chunk = yield* this.#chunks.next(cancel);
      if (chunk === null) return false;
      this.#received(chunk);
      return true;
    }
    if (size === undefined) {
      yield* this.conn.readable(cancel);
      return true;
    }
    const buffer = new Uint8Array(size).fill(UNTOUCHED);
    const n = yield* this.conn.read(buffer, cancel);
    if (n === null) return false;
    if (!(n > 0 && n <= size)) this.wrong(`read of ${size} bytes returned ${n}`);
    this.#received(buffer.subarray(0, n));
    if (!buffer.subarray(n).every((byte) => byte === UNTOUCHED)) {
      this.wrong(`read wrote behind the ${n} bytes that it returned`);
    }
    return true;
  }

  #received(bytes: Uint8Array): void {
    const stream = this.incoming;
    const at = bytes.findIndex((byte, i) => byte !== stream.byteAt(stream.received + i));
    if (at >= 0) this.wrong(`byte ${stream.received + at} is ${bytes[at]}, which is wrong`);
    stream.received += bytes.length;
    const most = stream.accepted + stream.offered;
    if (stream.received > most) this.wrong(`${stream.received} bytes came of ${most}`);
  }

  #pieces(sizes: readonly number[]): Uint8Array[] {
    const all = this.out.bytes(sizes.reduce((sum, size) => sum + size, 0));
    let at = 0;
    return sizes.map((size) => all.slice(at, at += size));
  }

  /** How many bytes of `total` a write has taken. */
  #written(done: Done<number>, total: number): number {
    const n = "value" in done ? done.value : done.bytesWritten;
    const fits = Number.isInteger(n) && n >= 0 && n <= total;
    if (!fits || ("value" in done && n !== total)) this.wrong(`a write of ${total} took ${n}`);
    return fits ? n : 0;
  }

  *#before(direction: "read" | "write", { pause, deadline }: Step): Routine<void> {
    if (pause === 0) yield* gosched();
    else if (pause !== null) yield* sleep(pause);
    if (deadline === null || this.state.closed) return;
    const at = deadline === "none" ? null : Date.now() + deadline;
    if (at !== null) this.state.late[direction] = true;
    this.note(`${direction} deadline ${deadline}`);
    if (direction === "read") this.conn.setReadDeadline(at);
    else this.conn.setWriteDeadline(at);
  }

  /** Calls `f`, with what may end it, and looks at whether it may end as it did. */
  *#limited<T>(
    direction: "read" | "write",
    ending: Ending | null,
    f: (cancel: Cancel | undefined) => Routine<T>,
  ): Routine<Done<T>> {
    const [context, stop] = ending === null ? [undefined, () => {}] : endingOf(ending);
    try {
      return { value: yield* f(context) };
    } catch (error) {
      const outcome = outcomeOf(error);
      if (!this.#mayEnd(direction, outcome, ending !== null)) {
        const { stack } = error as Error;
        this.wrong(`${direction} ended (${outcome}) by nothing that was done: ${stack}`);
      }
      const { bytesWritten = 0 } = error as { bytesWritten?: number };
      this.note(`${direction} ended: ${outcome}, ${bytesWritten} written`);
      // Without a deadline any more, for the rest is to be read.
      if (outcome === "late" && direction === "read" && !this.state.closed) {
        this.conn.setReadDeadline(null);
      }
      return { outcome, bytesWritten };
    } finally {
      stop();
    }
  }

  #mayEnd(direction: "read" | "write", outcome: Outcome, limited: boolean): boolean {
    const { state: me, peer: { state: they } } = this;
    switch (outcome) {
      case "late":
        return limited || me.late[direction];
      case "closed":
        return me.closed || (this.network === "pipe" && this.#closedPipe(direction));
      case "gone":
        return they.closed || they.readClosed || me.closed ||
          (direction === "write" && me.writeClosed);
      default:
        return false;
    }
  }

  /** The two ends of a pipe() know at once what the other one did. */
  #closedPipe(direction: "read" | "write"): boolean {
    const { state: me, peer: { state: they } } = this;
    if (direction === "read") return me.readClosed;
    return me.writeClosed || they.closed || they.readClosed;
  }

  /** A half-close of a connection that has failed is an error, and none of the test's. */
  #quietly(f: () => void): void {
    try {
      f();
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== "ENOTCONN" && outcomeOf(error) !== "closed") this.wrong(String(error));
    }
  }
}

/** How a call ended. */
type Done<T> = { value: T } | { outcome: Outcome; bytesWritten: number };

function endingOf({ how, ms }: Ending): [Cancel, () => void] {
  if (how === "timeout") return withTimeout(background(), ms);
  const [context, cancel] = withCancel(background());
  go(function* () {
    yield* sleep(ms);
    cancel();
  });
  return [context, cancel];
}
