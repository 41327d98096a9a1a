// SPDX-License-Identifier: MIT
/**
 * For each kind of use that an exploration with reduction observes, a program that needs it.
 *
 * In all of them, goroutines A, B and an idle one have one turn each, in any order, and then C and D.
 * If the use that orders A and B is not observed, states after A and B look alike, and no schedule has
 * both their later order and the later order of C and D.
 */
import {
  background,
  BufferedReader,
  BufferedWriter,
  cause,
  chan,
  Cond,
  ErrGroup,
  fromSignal,
  go,
  gosched,
  listen,
  Mutex,
  ObjectPool,
  Once,
  pipe,
  type Routine,
  RWMutex,
  scope,
  select,
  Semaphore,
  sleep,
  Timer,
  timerFunc,
  WaitGroup,
  withCancel,
  withCancelCause,
} from "../../mod.ts";
import { History, type Simulation } from "../../sim.ts";

/** A program under simulation; its result is its outcome. */
export type Program = (sim: Simulation) => Routine<unknown>;

/** The goroutines A and B, and the outcome that their order decides. */
interface Pair {
  readonly a: () => unknown;
  readonly b?: () => unknown;
  /** Called at the end. */
  readonly outcome: () => unknown;
}

function program(prepare: (sim: Simulation) => Pair | Routine<Pair>): Program {
  return function* (sim) {
    const prepared = prepare(sim);
    const { a, b = () => {}, outcome } = "next" in prepared ? yield* prepared : prepared;
    const order = chan<string>(2);
    const steps = [[a, b, () => {}], [() => order.trySend("c"), () => order.trySend("d")]];
    for (const together of steps) {
      for (const step of together) {
        go(function* () {
          const routine = step();
          if (isRoutine(routine)) yield* routine;
        });
      }
      yield* sleep(1000);
    }
    const decided = outcome();
    const first = isRoutine(decided) ? yield* decided : decided;
    return `${first}, ${order.tryRecv()?.value}${order.tryRecv()?.value}`;
  };
}

function isRoutine(value: unknown): value is Routine<unknown> {
  return typeof value === "object" && value !== null && "next" in value;
}

/** Both goroutines try the same thing, which succeeds once. */
function once(attempt: () => unknown): Pair {
  let got = "";
  const by = (name: string) => () => {
    if (attempt()) got += name;
  };
  return { a: by("a"), b: by("b"), outcome: () => got };
}

/** Both goroutines draw a value. */
function drawn(draw: () => unknown): Pair {
  const values: Record<string, unknown> = {};
  return {
    a: () => values.a = draw(),
    b: () => values.b = draw(),
    outcome: () => `a ${values.a} b ${values.b}`,
  };
}

/** One goroutine does something, another reads what has become of it. */
function read(change: () => unknown, look: () => unknown): Pair {
  let seen: unknown;
  return { a: () => seen = look(), b: change, outcome: () => String(seen) };
}

/** A locker without a lock, so that only the condition variable orders its users. */
const NO_LOCK = { *lock(): Routine<void> {}, unlock() {} };

/** Programs by the uses that they need. */
export const ORDERED: Readonly<Record<string, Program>> = {
  channel: program(() => {
    const values = chan<string>(2);
    return {
      a: () => values.send("a"),
      b: () => values.send("b"),
      outcome: () => `${values.tryRecv()?.value}${values.tryRecv()?.value}`,
    };
  }),
  goroutine: program(function* () {
    const values = chan<number>();
    const receiver = go(() => values.recv());
    yield* sleep(1);
    return read(() => values.trySend(1), () => receiver.status);
  }),
  mutex: program(() => {
    const mutex = new Mutex();
    return once(() => mutex.tryLock());
  }),
  "read-write mutex": program(() => {
    const mutex = new RWMutex();
    return once(() => mutex.tryLock());
  }),
  "wait group": program(() => {
    const group = new WaitGroup();
    const done = () => {
      try {
        group.done();
        return "done";
      } catch {
        return "negative";
      }
    };
    return read(() => group.add(2), done);
  }),
  "wait list": program(() => {
    const cond = new Cond(NO_LOCK);
    let woken = "";
    const waiter = (name: string) =>
      function* () {
        yield* cond.wait();
        woken += name;
      };
    return {
      a: waiter("a"),
      b: waiter("b"),
      *outcome() {
        cond.signal();
        yield* sleep(1);
        return woken;
      },
    };
  }),
  context: program(() => {
    const [ctx, cancel] = withCancel(background());
    return read(cancel, () => ctx.err);
  }),
  "abort signal": program(() => {
    const controller = new AbortController();
    return read(() => controller.abort(), () => controller.signal.aborted);
  }),
  timer: program(() => {
    const timer = timerFunc(10_000, () => {});
    // With none left, a goroutine would be woken, which is a use of its own.
    timerFunc(20_000, () => {});
    return once(() => timer.stop());
  }),
  history: program(() => {
    const history = new History<string, string>();
    const pair = read(() => history.invoke("b", "read"), () => history.events.length);
    return { ...pair, outcome: () => `${pair.outcome()}, at ${history.events[0].time}` };
  }),
  simulation: program((sim) => read(() => {}, () => sim.now)),
  "clock of a host": program((sim) => {
    const { clock } = sim.test;
    return read(() => clock.jump(1000), () => Math.round(clock.skew));
  }),
  "wake-up": program(function* () {
    const [a, b] = [chan<string>(1), chan<string>(1)];
    let first: unknown;
    go(function* () {
      first = (yield* select(a.onRecv(), b.onRecv())).value;
    });
    yield* sleep(1);
    return { a: () => a.send("a"), b: () => b.send("b"), outcome: () => first };
  }),
  log: program(() => {
    const history = new History<string, string>();
    const [a, b] = ["a", "b"].map((name) => history.invoke(name, "read"));
    const ended = () => history.events.slice(2).map(({ process }) => process).join("");
    return { a: () => a.ok("1"), b: () => b.ok("2"), outcome: ended };
  }),
  clock: program(() => read(() => {}, () => performance.now())),
  "random draw": program(() => drawn(() => Math.random())),
  "choice of select": program(() => {
    const values: Record<string, string> = { a: "", b: "" };
    const chooser = (name: string) =>
      function* () {
        for (let i = 0; i < 3; i++) {
          const [x, y] = [chan<number>(1), chan<number>(1)];
          x.trySend(1);
          y.trySend(2);
          values[name] += (yield* select(x.onRecv(), y.onRecv())).index;
        }
      };
    return { a: chooser("a"), b: chooser("b"), outcome: () => `${values.a} ${values.b}` };
  }),
  "new goroutine": program(() => drawn(() => go(function* () {}).id)),
};

/** A use after which nothing is left out. */
function conservative(use: (sim: Simulation) => unknown): Program {
  return function* (sim) {
    const used = use(sim);
    if (isRoutine(used)) yield* used;
    const channels = [chan<string>(2), chan<string>(2)];
    for (const name of ["a", "b", "c", "d"]) {
      go(function* () {
        yield* channels[Number(name > "b")].send(name);
      });
    }
    yield* sleep(1000);
    return channels.map((channel) => `${channel.tryRecv()?.value}${channel.tryRecv()?.value}`);
  };
}

/** Programs by the uses after which schedules are no longer left out. */
export const UNSEEN: Readonly<Record<string, Program>> = {
  host: conservative((sim) => sim.host("other").pause()),
  scope: conservative(() => scope(function* () {})),
  "error group": conservative(() => new ErrGroup().wait()),
  "object pool": conservative(() => new ObjectPool<number>().put(1)),
  pipe: conservative(() => pipe()[0].close()),
  "buffered writer": conservative(() => new BufferedWriter(SINK).write("text")),
  "system call": conservative(() => listen("tcp", "127.0.0.1:0")),
};

const SINK = {
  *write(data: Uint8Array | string): Routine<number> {
    return data.length;
  },
};

/** The same, by uses of another kind. */
export const UNSEEN_BY_OTHERS: Readonly<Record<string, Program>> = {
  "buffered reader": conservative(() =>
    new BufferedReader({
      *read() {
        return null;
      },
    }).line()
  ),
};

/** Programs in which a turn is cut by the library, not by its goroutine. */
export const CUT: Readonly<Record<string, Program>> = {
  "a goroutine has no operations left": conservative(function* () {
    const values = chan<number>(1000);
    for (let i = 0; i < 500; i++) yield* values.send(i);
  }),
  "the main function ends while others wait": function* () {
    for (const channel of [chan<number>(9), chan<number>(9), chan<number>(9)]) {
      go(function* () {
        try {
          yield* sleep(1000);
        } finally {
          yield* gosched();
          yield* channel.send(1);
          yield* gosched();
        }
      });
    }
    yield* sleep(1);
  },
};

/** Programs whose order is seen by uses of another kind than their own. */
export const COVERED: Readonly<Record<string, Program>> = {
  semaphore: program(() => {
    const semaphore = new Semaphore(2);
    return once(() => semaphore.tryAcquire(2));
  }),
  "a semaphore that is released": program(() => {
    const semaphore = new Semaphore(1);
    semaphore.tryAcquire();
    return read(() => semaphore.release(), () => semaphore.tryAcquire());
  }),
  once: program(() => {
    const one = new Once();
    let by = "";
    const caller = (name: string) => () =>
      one.do(function* () {
        by += name;
        yield* gosched();
      });
    return { a: caller("a"), b: caller("b"), outcome: () => by };
  }),
  "a variable under a lock": program(() => {
    const mutex = new Mutex();
    let last = "";
    const writer = (name: string) =>
      function* () {
        using _ = yield* mutex.locked();
        last += name;
      };
    return { a: writer("a"), b: writer("b"), outcome: () => last };
  }),
  "a context below the one that is cancelled": program(() => {
    const [ctx, cancel] = withCancel(background());
    const [below] = withCancel(ctx);
    return read(cancel, () => below.err);
  }),
  "a context's signal": program(() => {
    const [ctx, cancel] = withCancel(background());
    const { signal } = ctx;
    return read(cancel, () => signal.aborted);
  }),
  "a context of a signal": program(() => {
    const controller = new AbortController();
    const ctx = fromSignal(controller.signal);
    return read(() => controller.abort(), () => ctx.err);
  }),
  "a signal that follows another": program(() => {
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal]);
    return read(() => controller.abort(), () => signal.aborted);
  }),
  "a listener of a signal": program(() => {
    const controller = new AbortController();
    let called = false;
    return {
      a: () => controller.signal.addEventListener("abort", () => called = true),
      b: () => controller.abort(),
      outcome: () => called,
    };
  }),
  "a context's cause": program(() => {
    const [ctx, cancel] = withCancelCause(background());
    return {
      a: () => cancel(new Error("a")),
      b: () => cancel(new Error("b")),
      outcome: () => (cause(ctx) as Error).message,
    };
  }),
  "a timer with a channel": program(() => {
    const timer = new Timer(5000);
    return once(() => timer.stop());
  }),
  "the end of a goroutine": program(function* () {
    const values = chan<string>();
    const others = ["x", "y"].map(() => go(() => values.recv()));
    yield* sleep(1);
    return {
      a: () => values.trySend("a"),
      b: () => values.trySend("b"),
      *outcome() {
        return `${yield* others[0].join()}${yield* others[1].join()}`;
      },
    };
  }),
  "a goroutine's own turn": program(() => {
    const other = go(function* () {});
    return read(() => {}, () => other.status);
  }),
  "a timer that wakes a goroutine": program(function* () {
    const sleeper = go(() => sleep(0.012));
    yield* gosched();
    return read(() => {}, () => sleeper.status);
  }),
  "closed channel": program(() => {
    const values = chan<string>(1);
    return read(() => values.close(), () => values.tryRecv()?.ok ?? "empty");
  }),
};
