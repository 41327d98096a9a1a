// SPDX-License-Identifier: MIT
/** `notify`: real signals, under both ways to run, and what is there again afterwards. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { go, gosched, notify, PanicError, run, select, sleep, wait } from "../../mod.ts";
import { both, only, openLinks, thrown } from "../support/harness.ts";
import { platform } from "../../platforms/platform.ts";
import { startProgram } from "../support/child.ts";

const PROGRAM = fileURLToPath(new URL("signal_program.ts", import.meta.url));

/** Why `runSync` has no signals here. */
const noSync = platform().signals === undefined &&
  "this system delivers signals only through the host's event loop";
const noKill = process.platform === "win32" && "Windows has no signals to send";

// A signal goes to the process's first thread, which runs late on a busy machine: `deno test` has
// its files in other threads. Without a handler, one that comes after stop() would end everything.
if (!noKill) process.on("SIGUSR2", () => {});

for (const kind of ["run", "runSync", "worker"] as const) {
  const skip = noKill || kind !== "run" && noSync;
  test(
    `signals arrive in order, and their previous actions are restored (${kind})`,
    { skip },
    async () => {
      await using child = startProgram(PROGRAM, [kind]);
      await child.stdout.match(/^listening$/m);
      for (let i = 1; i <= 3; i++) {
        child.kill("SIGINT");
        await child.stdout.match(new RegExp(`^(SIGINT\n){${i}}`, "m"));
      }
      child.kill("SIGTERM");
      await child.stdout.match(/^SIGTERM, context context canceled, SIGINT received$/m);
      // The outer one has received it as well.
      await child.stdout.match(/^outer SIGTERM$/m);
      await child.stdout.match(/^stopped, undefined$/m);
      child.kill("SIGTERM");
      const { code, signal } = await child.exit;
      assert.deepEqual({ code, signal }, { code: null, signal: "SIGTERM" }, child.stderr.text);
    },
  );
}

test(
  "a listener of the host is restored after runSync",
  { skip: noKill || noSync },
  async () => {
    await using child = startProgram(PROGRAM, ["own"]);
    await child.stdout.match(/^listening$/m);
    child.kill("SIGINT");
    await child.stdout.match(/^SIGINT\nover$/m);
    child.kill("SIGINT");
    await child.stdout.match(/^own SIGINT$/m);
    assert.equal((await child.exit).code, 0);
  },
);

both("many signals to this process, while goroutines work", function* () {
  using notifier = notify("SIGUSR2");
  let got = 0;
  const counting = go(function* () {
    while ((yield* notifier.signals.recv()) !== undefined) got++;
  });
  for (let i = 0; i < 20; i++) {
    process.kill(process.pid, "SIGUSR2");
    const chosen = yield* select(notifier.context.done.onRecv());
    assert.equal(chosen.index, 0);
    yield* sleep(2);
  }
  notifier.stop();
  yield* counting.join();
  // Two of a kind that are pending at once are one, as everywhere.
  assert.ok(got >= 1 && got <= 20, `${got}`);
}, noKill || noSync);

both("a full channel drops signals and delays nothing", function* () {
  using notifier = notify("SIGUSR2");
  for (let i = 0; i < 40; i++) {
    process.kill(process.pid, "SIGUSR2");
    yield* sleep(1);
  }
  assert.ok(notifier.signals.length <= 16);
  assert.equal(yield* notifier.signals.recv(), "SIGUSR2");
}, noKill || noSync);

both("notify ends with its run, and leaks nothing", function* () {
  notify("SIGUSR2").stop(); // The poller stays open for the run.
  const before = openLinks().length;
  for (let i = 0; i < 3; i++) {
    const notifier = notify("SIGUSR2", "SIGHUP");
    notifier.stop();
    notifier.stop();
    assert.equal(notifier.context.err?.message, "context canceled");
  }
  assert.equal(openLinks().length, before);
  // Left open: the harness looks for what is left of it.
  const kept = notify("SIGUSR2");
  go(function* () {
    yield* kept.signals.recv();
  });
  yield* gosched();
}, noSync);

only("run", "waiting for a signal is no deadlock", function* () {
  using notifier = notify("SIGUSR2");
  yield* wait(new Promise((resolve) => setTimeout(resolve, 0)));
  setTimeout(() => process.kill(process.pid, "SIGUSR2"), 1200);
  assert.equal(yield* notifier.signals.recv(), "SIGUSR2");
}, noKill);

both("signals that cannot be caught are refused", function* () {
  assert.throws(() => notify(), /^TypeError: Cannot notify as at least one signal/);
  for (const wrong of ["SIGKILL", "SIGUSR1", "int", 2, undefined, Symbol("x")]) {
    assert.throws(
      () => notify("SIGINT", wrong as never),
      /^TypeError: Cannot notify as a signal must be one of SIGHUP, SIGINT/,
    );
  }
});

test("outside a goroutine notify explains where it belongs", async () => {
  assert.throws(() => notify("SIGINT"), PanicError);
  const error = await run(() =>
    thrown((function* () {
      notify("SIGNOTHING" as never);
    })())
  );
  assert.ok(error instanceof TypeError);
});
