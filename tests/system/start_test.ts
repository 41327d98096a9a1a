// SPDX-License-Identifier: MIT
// cspell:ignore qefc
/** How `npm start` ends: the signals that npm and the terminal deliver reach the example, once each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Child, isDeno, start } from "../support/child.ts";
import { connectTo, receive, refusing, roundTrip } from "../support/echo_server.ts";

const TIMEOUT_MS = 60_000;
const SCRIPT = isDeno ? "start:deno" : "start";
const ENV = { HOST: "127.0.0.1", PORT: "0" };
/** Shells of npm's: dash stays between npm and the script, bash is replaced by the script. */
const SHELLS = ["dash", "bash"];

/** Arguments of npm: the script without the installation that precedes it. */
function script(shell: string): string[] {
  return ["run", "--silent", "--ignore-scripts", `--script-shell=${shell}`, SCRIPT];
}

/** Starts the example by `file`, waits for its listener and stops it while a connection is open. */
async function stopping(
  file: string,
  args: string[],
  stop: (child: Child, port: number) => void | Promise<void>,
): Promise<void> {
  await using child = start(file, args, { env: ENV, lifetime: TIMEOUT_MS });
  const [, found] = await child.stdout.match(/^listening on 127\.0\.0\.1:(\d+) /m);
  const port = Number(found);
  const socket = await connectTo(port);
  await roundTrip(socket, Buffer.from("before"));
  await stop(child, port);
  await refusing(port);
  // The example ends in order: an open connection is served to its end.
  const message = Buffer.alloc(1 << 20, "after the signal ");
  const all = receive(socket, Infinity);
  socket.end(message);
  assert.ok((await all).equals(message));
  // Resolves when every process that inherited the output has ended, the example among them.
  await child.exit;
  assert.equal(child.timedOut, false, "the example was left running");
  assert.equal(child.stderr.text, "");
}

for (const shell of SHELLS) {
  test(
    `SIGTERM to npm ends its ${SCRIPT} in order (${shell})`,
    { timeout: TIMEOUT_MS },
    () => stopping("npm", script(shell), (child) => child.kill("SIGTERM")),
  );

  // script(1) runs a command on a terminal of its own, and types there what it reads.
  test(`Ctrl-C ends npm's ${SCRIPT} in order (${shell})`, { timeout: TIMEOUT_MS }, () => {
    const command = ["npm", ...script(shell)].join(" ");
    return stopping("script", ["-qefc", command, "/dev/null"], (child) => child.send("\x03"));
  });
}

test("a duplicate signal counts as one", { timeout: TIMEOUT_MS }, () => {
  const runtime = isDeno ? ["deno", "run", "-A"] : ["bun"];
  const args = ["scripts/start.mjs", ...runtime, "examples/echo.ts"];
  return stopping("node", args, async (child, port) => {
    child.kill("SIGINT");
    await refusing(port);
    child.kill("SIGINT");
  });
});

test(`npm's ${SCRIPT} exits with the status of the example`, { timeout: TIMEOUT_MS }, async () => {
  await using child = start("npm", script("dash"), { env: { ...ENV, PORT: "-1" } });
  const { code } = await child.exit;
  assert.match(child.stderr.text, /^echo: listen tcp: .*invalid port/m);
  assert.equal(code, 1);
});

test(
  "the example prints how to try it, and how to choose another port",
  { timeout: TIMEOUT_MS },
  async () => {
    await using first = start("npm", script("dash"), { env: ENV, lifetime: TIMEOUT_MS });
    const [, port] = await first.stdout.match(/^try it: nc 127\.0\.0\.1 (\d+); Ctrl-C stops it$/m);
    await using second = start("npm", script("dash"), { env: { ...ENV, PORT: port } });
    assert.equal((await second.exit).code, 1);
    const cure = `choose another port: PORT=${Number(port) + 1} npm ${
      isDeno ? "run start:deno" : "start"
    }`;
    assert.equal(second.stderr.text.split("\n")[1], cure, second.stderr.text);
    // SIGKILL, which ends what a test leaves, would stop at npm's shell.
    first.kill("SIGTERM");
    await first.exit;
  },
);
