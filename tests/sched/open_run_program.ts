// SPDX-License-Identifier: MIT
/** A program that leaves a run open; with "fail", a goroutine of it ends by an error. */
import process from "node:process";
import { dial, listen, openRun, type Routine } from "../../mod.ts";

const app = openRun();

function* talk(): Routine<void> {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const a = yield* dial("tcp", String(listener.addr));
  const b = yield* listener.accept();
  app.go(function* () {
    yield* a.write("x");
  });
  yield* b.read(new Uint8Array(1));
}

await app.call(talk);
// Long enough for the poller to be watched beside the host's loop.
await new Promise((resolve) => setTimeout(resolve, 50));
if (process.argv.includes("fail")) {
  app.go(function* () {
    throw new Error("nobody catches this");
  });
}
console.log("done");
