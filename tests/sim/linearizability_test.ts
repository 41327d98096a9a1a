// SPDX-License-Identifier: MIT
/** Histories of operations, and whether they are linearizable. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dial, go, listen, PanicError, type Routine, runSync, sleep } from "../../mod.ts";
import {
  checkLinearizability,
  History,
  type Model,
  type MutexInput,
  mutexModel,
  type Operation,
  type QueueInput,
  queueModel,
  type RegisterInput,
  registerModel,
  simulateSync,
} from "../../sim.ts";
import { thrown } from "../support/harness.ts";

type Value = number | null;
type Register = History<RegisterInput<Value>, Value | boolean>;

/**
 * A history written as text: "1 write 3" invokes, "1 ok" or "1 ok 3" ends what process 1 has begun,
 * "1 fail" and "1 info" likewise; several are separated by commas.
 */
function registerHistory(text: string): Register {
  const history: Register = new History();
  const pending = new Map<string, ReturnType<Register["invoke"]>>();
  for (const line of text.split(",")) {
    const [process, word, a, b] = line.trim().split(" ");
    const value = (digits: string | undefined) => digits === undefined ? null : Number(digits);
    if (word === "write") {
      pending.set(process, history.invoke(process, { op: word, value: value(a) }));
    } else if (word === "read") pending.set(process, history.invoke(process, { op: word }));
    else if (word === "cas") {
      const input = { op: word, expected: value(a), value: value(b)! } as const;
      pending.set(process, history.invoke(process, input));
    } else if (word === "ok") {
      pending.get(process)!.ok(a === "true" || a === "false" ? a === "true" : value(a));
    } else pending.get(process)![word as "fail" | "info"]();
  }
  return history;
}

const verdictOf = (text: string) =>
  checkLinearizability(registerModel<Value>(null), registerHistory(text)).verdict;

test("registers: linearizable and other histories are distinguished", () => {
  const cases: [history: string, linearizable: boolean][] = [
    ["1 read, 1 ok", true],
    ["1 write 1, 1 ok, 2 read, 2 ok 1", true],
    ["1 write 1, 1 ok, 2 read, 2 ok", false],
    // While a write is under way, a read sees either value.
    ["1 write 1, 2 read, 2 ok, 1 ok", true],
    ["1 write 1, 2 read, 2 ok 1, 1 ok", true],
    // Once a read has seen it, no later one sees the old value.
    ["1 write 1, 2 read, 2 ok 1, 3 read, 3 ok, 1 ok", false],
    // The figures of Herlihy and Wing's paper.
    ["1 write 0, 1 ok, 1 write 1, 2 read, 2 ok 1, 1 ok, 2 read, 2 ok 0", false],
    ["1 cas 0 1, 1 ok false, 1 write 0, 1 ok, 2 cas 0 1, 2 ok true, 2 read, 2 ok 1", true],
    ["1 write 0, 1 ok, 1 cas 0 1, 2 cas 0 2, 1 ok true, 2 ok true", false],
    ["1 write 0, 1 ok, 1 cas 0 1, 2 cas 0 2, 1 ok true, 2 ok false", true],
    // What failed did not happen.
    ["1 write 1, 1 fail, 2 read, 2 ok 1", false],
    ["1 write 1, 1 fail, 2 read, 2 ok", true],
  ];
  for (const [text, linearizable] of cases) {
    assert.equal(verdictOf(text), linearizable ? "linearizable" : "violation", text);
  }
});

test("an operation of unknown outcome takes effect once at any later time, or never", () => {
  const cases: [history: string, linearizable: boolean][] = [
    ["1 write 1, 1 info, 2 read, 2 ok", true],
    ["1 write 1, 1 info, 2 read, 2 ok 1", true],
    ["1 write 1, 1 info, 2 read, 2 ok, 2 read, 2 ok, 2 read, 2 ok 1", true],
    ["1 write 1, 1 info, 2 read, 2 ok 1, 2 read, 2 ok", false],
    ["1 write 1, 1 info, 3 write 2, 3 ok, 2 read, 2 ok 1, 3 write 3, 3 ok, 2 read, 2 ok 1", false],
    // It is not before its beginning.
    ["2 read, 2 ok 1, 1 write 1, 1 info", false],
    // One that was never ended is of unknown outcome.
    ["1 write 1, 2 read, 2 ok, 2 read, 2 ok 1", true],
    ["1 cas 5 1, 1 info, 2 read, 2 ok 1", false],
    ["3 write 5, 3 ok, 1 cas 5 1, 1 info, 2 read, 2 ok 5, 2 read, 2 ok 1", true],
    ["1 read, 1 info, 2 read, 2 ok", true],
  ];
  for (const [text, linearizable] of cases) {
    assert.equal(verdictOf(text), linearizable ? "linearizable" : "violation", text);
  }
});

test("a violation is explained in words", () => {
  const history = registerHistory(
    "1 write 1, 1 ok, 2 write 2, 3 read, 3 ok 2, 4 read, 4 ok 1, 2 ok, 5 read, 5 ok 2",
  );
  const result = checkLinearizability(registerModel<Value>(null), history);
  assert.equal(result.verdict, "violation");
  assert.equal(result.operation?.number, 4);
  assert.deepEqual(result.order.map(({ number }) => number), [1, 2, 3]);
  assert.equal(
    result.text.replaceAll(/\d+\.\d{3}/g, "0"),
    [
      "not linearizable: no order explains",
      "  #4 4: read -> 1 (ok, 0 to 0 ms)",
      "after the longest order of what came before, from the state null:",
      "  #1 1: write 1 (ok, 0 to 0 ms); the state is then 1",
      "  #2 2: write 2 (ok, 0 to 0 ms); the state is then 2",
      "  #3 3: read -> 2 (ok, 0 to 0 ms); the state is then 2",
    ].join("\n"),
  );
});

test("keys are checked separately, and the violated one is named", () => {
  const history = new History<RegisterInput<number>, number | boolean>();
  for (let i = 0; i < 200; i++) {
    history.invoke(1, { op: "write", key: `k${i}`, value: i }).ok(true);
    history.invoke(2, { op: "read", key: `k${i}` }).ok(i === 150 ? 0 : i);
  }
  const result = checkLinearizability(registerModel(-1), history);
  assert.equal(result.verdict, "violation");
  assert.equal(result.partition, "k150");
  assert.match(result.text, /^not linearizable \(k150\).*\n {2}#302 2: read k150 -> 0 /);
});

test("a search beyond its limit is undecided, not a violation", () => {
  const history: Register = new History();
  for (let i = 0; i < 24; i++) history.invoke(i, { op: "write", value: i }).info();
  history.invoke("r", { op: "read" }).ok(99);
  const result = checkLinearizability(registerModel<Value>(null), history, { steps: 5000 });
  assert.equal(result.verdict, "undecided");
  assert.equal(result.steps, 5000);
  assert.match(result.text, /^undecided: 5000 steps/);
});

/** Whether any order of the operations, with or without the unknown ones, is one of the model. */
function bruteForce<S, I, O>(model: Model<S, I, O>, all: readonly Operation<I, O>[]): boolean {
  const search = (state: S, left: readonly Operation<I, O>[]): boolean => {
    if (left.every(({ outcome }) => outcome === "info")) return true;
    return left.some((operation) => {
      if (left.some(({ returned }) => returned < operation.invoked)) return false;
      const step = model.apply(state, operation.input);
      const wrong = operation.outcome === "ok" && "output" in step &&
        JSON.stringify(step.output) !== JSON.stringify(operation.output);
      return !wrong && search(step.state, left.filter((other) => other !== operation));
    });
  };
  return search(model.initial, all.filter(({ outcome }) => outcome !== "fail"));
}

/** Random numbers that are the same in every run. */
function* randoms(seed: number): Generator<number> {
  for (let state = seed;;) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    yield state >>> 8;
  }
}

test("the search agrees with brute force over random histories", () => {
  const numbers = randoms(7);
  const below = (n: number) => numbers.next().value! % n;
  const seen = { linearizable: 0, violation: 0, undecided: 0 };
  for (let round = 0; round < 3000; round++) {
    const registers: Register = new History();
    const queue = new History<QueueInput<number>, number | null>();
    const ends: (() => void)[] = [];
    for (let i = 0; i < 6; i++) {
      const value = below(3);
      const read = below(2) === 0;
      const one = registers.invoke(i, read ? { op: "read" } : { op: "write", value });
      const two = queue.invoke(i, read ? { op: "dequeue" } : { op: "enqueue", value });
      const outcome = below(8);
      ends.push(() => {
        if (outcome === 0) return [one, two].forEach((operation) => operation.info());
        if (outcome === 1) return [one, two].forEach((operation) => operation.fail());
        one.ok(read && value === 2 ? null : value);
        two.ok(read && value === 2 ? null : value);
      });
      while (ends.length > below(4)) ends.splice(below(ends.length), 1)[0]();
    }
    ends.forEach((end) => end());
    for (
      const [verdict, possible] of [
        [
          checkLinearizability(registerModel<Value>(null), registers).verdict,
          bruteForce(registerModel<Value>(null), registers.operations()),
        ],
        [
          checkLinearizability(queueModel<number>(), queue).verdict,
          bruteForce(queueModel<number>(), queue.operations()),
        ],
      ] as const
    ) {
      assert.equal(verdict, possible ? "linearizable" : "violation", `round ${round}`);
      seen[verdict]++;
    }
  }
  assert.ok(seen.linearizable > 500 && seen.violation > 500, JSON.stringify(seen));
});

test("a long history with many processes is checked in few steps", () => {
  const numbers = randoms(3);
  const history: Register = new History();
  let value: Value = null;
  const pending: (() => void)[] = [];
  for (let i = 0; i < 5000; i++) {
    const write = numbers.next().value! % 2 === 0;
    const operation = history.invoke(i % 8, write ? { op: "write", value: i } : { op: "read" });
    if (write) value = i;
    const output = value;
    pending.push(() => operation.ok(output));
    if (pending.length === 4) { for (const end of pending.splice(0)) end(); }
  }
  for (const end of pending) end();
  const result = checkLinearizability(registerModel<Value>(null), history);
  assert.equal(result.verdict, "linearizable");
  assert.ok(result.steps < 100_000, `${result.steps} steps`);
});

test("locks and custom models", () => {
  const locks = new History<MutexInput, boolean>();
  locks.invoke(1, { op: "acquire", owner: 1 }).ok(true);
  locks.invoke(2, { op: "acquire", owner: 2 }).ok(false);
  locks.invoke(1, { op: "release", owner: 1 }).ok(true);
  locks.invoke(2, { op: "acquire", owner: 2 }).ok(true);
  assert.equal(checkLinearizability(mutexModel(), locks).verdict, "linearizable");
  locks.invoke(3, { op: "acquire", owner: 3 }).ok(true);
  assert.match(checkLinearizability(mutexModel(), locks).text, /acquire by 3 -> true/);

  const counter: Model<number, "increment" | "read", number> = {
    initial: 0,
    apply: (state, input) => input === "read" ? { state, output: state } : { state: state + 1 },
    accepts: (expected, actual) => Math.abs(expected - actual) <= 1,
  };
  const counts = new History<"increment" | "read", number>();
  counts.invoke("a", "increment").ok(0);
  counts.invoke("a", "read").ok(2);
  assert.equal(checkLinearizability(counter, counts).verdict, "linearizable");
  counts.invoke("a", "read").ok(3);
  assert.match(checkLinearizability(counter, counts).text, /#3 a: "read" -> 3 \(ok/);
});

test("a history records outcomes, inside and outside of simulations", () => {
  const history = new History<string, string>();
  const work = function* (): Routine<void> {
    const f = (ms: number, output: string | Error) =>
      function* (): Routine<string> {
        yield* sleep(ms);
        if (output instanceof Error) throw output;
        return output;
      };
    assert.equal(yield* history.record("p", "one", f(1, "done")), "done");
    const lost = new Error("timeout");
    assert.equal(yield* thrown(history.record("p", "two", f(1, lost))), lost);
    const refused = new Error("refused");
    const known = (error: unknown) => error === refused;
    assert.equal(yield* thrown(history.record("p", "three", f(1, refused), known)), refused);
  };
  runSync(work);
  const real = history.operations();
  assert.deepEqual(real.map(({ outcome }) => outcome), ["ok", "info", "fail"]);
  assert.deepEqual(history.events.map(({ index }) => index), [0, 1, 2, 3, 4, 5]);
  assert.ok(real[0].end > real[0].start && real[1].end === Infinity);
  const { events } = simulateSync({ record: true }, work);
  const texts = events.filter(({ kind }) => kind === "operation")
    .map(({ operation, text }) => `${operation} ${text}`);
  assert.deepEqual(texts, [
    '4 invoke p: "one"',
    '4 ok p: "done"',
    '5 invoke p: "two"',
    '5 info p: "two"',
    '6 invoke p: "three"',
    '6 fail p: "three"',
  ]);
  const once = history.invoke("p", "x");
  once.ok("y");
  assert.throws(() => once.info(), PanicError);
});

test("a store with stale reads is detected under a simulated network", () => {
  const result = simulateSync({ seed: 5 }, function* (sim) {
    const history: Register = new History();
    const node = sim.host("node", {
      *main() {
        let value = 0;
        let old = 0;
        using listener = yield* listen("tcp", ":9");
        for (;;) {
          const conn = yield* listener.accept();
          go(function* () {
            using _conn = conn;
            const buf = new Uint8Array(2);
            while ((yield* conn.read(buf)) !== null) {
              if (buf[0] === 1) [old, value] = [value, buf[1]];
              yield* conn.write(Uint8Array.of(buf[0] === 1 ? 0 : sim.now > 100 ? old : value));
            }
          });
        }
      },
    });
    sim.link(node, sim.test, { latency: [1, 5] });
    const clients = [1, 2, 3].map((client) =>
      go(function* () {
        using conn = yield* dial("tcp", "node:9");
        const buf = new Uint8Array(1);
        for (let i = 0; i < 30; i++) {
          const input = i % 2 === 0
            ? { op: "write", value: client * 50 + i } as const
            : { op: "read" } as const;
          yield* history.record(client, input, function* () {
            yield* conn.write(Uint8Array.of(input.op === "write" ? 1 : 2, input.value ?? 0));
            yield* conn.readFull(buf);
            return buf[0];
          });
        }
      })
    );
    for (const client of clients) yield* client.join();
    return history;
  });
  const checked = checkLinearizability(registerModel<Value>(0), result.value);
  assert.equal(checked.verdict, "violation");
  assert.ok(checked.operation!.end > 100, checked.text);
});

test("invalid arguments are named in the error", () => {
  const model = registerModel(0);
  assert.throws(() => checkLinearizability({} as Model<number, string, string>, []), /a Model/);
  assert.throws(() => checkLinearizability(model, {} as never), /must be a History or an array/);
  assert.throws(() => checkLinearizability(model, [], { steps: 0 }), RangeError);
});
