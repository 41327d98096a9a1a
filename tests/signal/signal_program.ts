// SPDX-License-Identifier: MIT
/**
 * Receives signals, as its first argument says: run, runSync, or the latter in a worker. It prints
 * each, and after SIGTERM waits for one that ends it, because its handlers are the old ones again.
 */
import { writeSync } from "node:fs";
import process, { argv } from "node:process";
import { Worker, workerData } from "node:worker_threads";
import { notify, run, runSync, sleep } from "../../mod.ts";

/** Not by the host's streams: those of a worker write from the main thread's event loop. */
const say = (text: string) => void writeSync(1, `${text}\n`);

function* main() {
  using outer = notify("SIGTERM", "SIGHUP");
  {
    using inner = notify("SIGINT", "SIGTERM", "SIGINT");
    say("listening");
    for (let signal; (signal = yield* inner.signals.recv()) !== "SIGTERM";) say(`${signal}`);
    say(`SIGTERM, context ${inner.context.err?.message}, ${inner.context.signal.reason.message}`);
  }
  say(`outer ${yield* outer.signals.recv()}`);
  outer.stop();
  say(`stopped, ${yield* outer.signals.recv()}`);
  yield* sleep(60_000);
}

switch (workerData ?? argv[2]) {
  case "run":
    await run(main);
    break;
  case "runSync":
    runSync(main);
    break;
  case "worker":
    new Worker(new URL(import.meta.url), { workerData: "runSync" });
    break;
  case "own":
    // A listener of the program's own is there again after the run.
    process.on("SIGINT", () => {
      say("own SIGINT");
      process.exit(0);
    });
    runSync(function* () {
      const { signals } = notify("SIGINT");
      say("listening");
      say(`${yield* signals.recv()}`);
    });
    say("over");
    setTimeout(() => {}, 60_000);
}
