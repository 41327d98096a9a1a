// SPDX-License-Identifier: MIT
/**
 * A server is replaced while it runs: the old process hands its listener to the new one and exits,
 * and a client that connects all the while sees no failure. The program is examples/handover.ts.
 */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { type Child, startProgram } from "../support/child.ts";
import process from "node:process";

const TIMEOUT_MS = 60_000;

/** Asks a server once, on a connection of its own, who it is. */
function ask(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("?"));
    socket.on("data", (answer) => {
      resolve(Number(answer));
      socket.end();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed without an answer")));
  });
}

/** Asks again on a connection that is open. */
function askOn(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.once("data", (answer) => resolve(Number(answer)));
    socket.once("error", reject);
    socket.write("?");
  });
}

/** A client that connects again and again until it is stopped; what it was told, and what failed. */
class Client {
  readonly answers: number[] = [];
  readonly failures: unknown[] = [];
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(port: number) {
    this.#done = this.#run(port);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(port: number): Promise<void> {
    while (!this.#stopped) {
      try {
        this.answers.push(await ask(port));
      } catch (error) {
        this.failures.push(error);
      }
    }
  }
}

async function serving(child: Child): Promise<number> {
  const line = /^(\d+) serves 127\.0\.0\.1:(\d+)\n/;
  const [, pid, port] = await child.stdout.match(line);
  assert.equal(Number(pid), child.pid);
  return Number(port);
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("a restart drops no connection", { timeout: TIMEOUT_MS }, async () => {
  const env = { HOST: "127.0.0.1", PORT: "0", CONTROL: `@netpoll-handover-${process.pid}` };
  const first = startProgram("examples/handover.ts", [], { env });
  await using _first = first;
  const port = await serving(first);
  const old = connect(port, "127.0.0.1");
  assert.equal(await askOn(old), first.pid);
  const clients = Array.from({ length: 4 }, () => new Client(port));
  await waitFor(() => clients.every(({ answers }) => answers.length > 10));

  const second = startProgram("examples/handover.ts", [], { env });
  await using _second = second;
  assert.equal(await serving(second), port);
  await first.stdout.match(/has handed over/);
  await waitFor(() => clients.every(({ answers }) => answers.at(-1) === second.pid));
  // The old process serves what it has to the end, and only then exits.
  assert.equal(await askOn(old), first.pid);
  old.end();
  assert.deepEqual(await first.exit, { code: 0, signal: null }, first.stderr.text);

  // And so it goes on.
  const third = startProgram("examples/handover.ts", [], { env });
  await using _third = third;
  assert.equal(await serving(third), port);
  assert.deepEqual(await second.exit, { code: 0, signal: null }, second.stderr.text);
  await waitFor(() => clients.every(({ answers }) => answers.at(-1) === third.pid));
  for (const client of clients) await client.stop();
  for (const { answers, failures } of clients) {
    assert.deepEqual(failures, []);
    assert.deepEqual([...new Set(answers)], [first.pid, second.pid, third.pid]);
  }
});
