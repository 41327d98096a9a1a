// SPDX-License-Identifier: MIT
/**
 * Two sides of a connection do what a plan says, against a model of two streams of bytes: every byte
 * comes once, in order and unchanged; calls end only by what the plan allows; nothing that was
 * accepted is lost unless a side aborted or stopped reading.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Conn, dial, dump, go, listen, pipe, type Routine, timerFunc } from "../../mod.ts";
import { type Network, type Plan, planOf } from "./plan.ts";
import { Side } from "./side.ts";
import { Stream } from "./stream.ts";
import { Trial } from "./trial.ts";

/** Longest life of a trial: then it hangs. */
const HANGS_MS = 10_000;

let names = 0;

function* pairOf(network: Network): Routine<readonly [Conn, Conn]> {
  if (network === "pipe") return pipe();
  const name = join(tmpdir(), `netpoll-fuzz-${process.pid}-${names++}`);
  using listener = network === "tcp"
    ? yield* listen("tcp", "127.0.0.1:0")
    : yield* listen("unix", name);
  const dialled = yield* dial(network, String(listener.addr)) as Routine<Conn>;
  return [dialled, yield* listener.accept()];
}

function* sidesOf(trial: Trial, plan: Plan): Routine<readonly [Side, Side]> {
  const conns = yield* pairOf(plan.network);
  if (plan.buffers !== null) {
    for (const conn of conns) {
      conn.setWriteBuffer(plan.buffers);
      conn.setReadBuffer(plan.buffers);
    }
  }
  const streams = [new Stream(trial.seed * 2), new Stream(trial.seed * 2 + 1)];
  const [a, b] = conns.map((conn, i) =>
    new Side({
      trial,
      network: plan.network,
      id: i,
      plan: plan.sides[i],
      conn,
      out: streams[i],
      incoming: streams[1 - i],
    })
  );
  a.peer = b;
  b.peer = a;
  return [a, b];
}

/** Does what the plan of `seed` says; returns what was wrong, or null. Parks. */
export function* fuzzConn(seed: number): Routine<Error | null> {
  const trial = new Trial("conn", seed);
  const plan = planOf(seed);
  trial.note(`${plan.network}, buffers ${plan.buffers ?? "as they are"}`);
  const sides = yield* sidesOf(trial, plan);
  const writing = sides.flatMap((side) => [go(() => side.write()), go(() => side.upset())]);
  const reading = sides.map((side) => go(() => side.read()));
  const watchdog = timerFunc(HANGS_MS, () => {
    trial.wrong(`it hangs\n${dump()}`);
    for (const { conn } of sides) conn[Symbol.dispose]();
  });
  try {
    for (const part of writing) yield* part.join();
    // Now the readers must come to their ends.
    for (const side of sides) side.closeWrite();
    for (const part of reading) yield* part.join();
  } catch (error) {
    trial.wrong(`a goroutine failed: ${(error as Error).stack}`);
  } finally {
    watchdog.stop();
  }
  for (const side of sides) side.checkArrived();
  for (const { conn } of sides) conn[Symbol.dispose]();
  return trial.failure;
}
