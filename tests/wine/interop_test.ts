// SPDX-License-Identifier: MIT
/**
 * Programs under Wine and programs of this system talk to each other. NETPOLL_WINE is the folder that
 * scripts/wine.sh made; scripts/test_wine.mjs sets it and runs this.
 */
import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { promisify } from "node:util";

const folder = process.env.NETPOLL_WINE;
const skip = folder === undefined && "NETPOLL_WINE is not set";
const PROCESSOR = String(availableParallelism() - 1);
const run = promisify(execFile);

/** Command line with which each runtime of Windows runs a file. */
const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  "Bun": [`${folder}/bun.exe`, "run"],
  "Deno": [`${folder}/deno.exe`, "run", "-A", "--no-check"],
};

function underWine(runtime: string, file: string, ...args: string[]): string[] {
  return ["-c", PROCESSOR, `${folder}/wine`, ...RUNTIMES[runtime], file, ...args];
}

/** A server, whose first line of output ends with its address. */
class Server implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly address: string;

  private constructor(child: ChildProcessWithoutNullStreams, address: string) {
    this.#child = child;
    this.address = address;
  }

  static async start(command: string, args: string[]): Promise<Server> {
    const child = spawn(command, args, { env: { ...process.env, HOST: "127.0.0.1", PORT: "0" } });
    const [line] = await once(createInterface(child.stdout), "line") as [string];
    const address = /127\.0\.0\.1:\d+/.exec(line)?.[0];
    assert.ok(address !== undefined, line);
    return new Server(child, address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const over = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await over;
  }
}

for (const runtime of Object.keys(RUNTIMES)) {
  test(`socat talks to npm start's echo under ${runtime} for Windows`, { skip }, async () => {
    await using server = await Server.start("taskset", underWine(runtime, "./examples/echo.ts"));
    const socat = spawn("socat", ["-t", "10", "-", `TCP4:${server.address}`]);
    const message = "through Wine and back\n".repeat(10_000);
    let answer = "";
    socat.stdout.setEncoding("utf8").on("data", (chunk: string) => answer += chunk);
    socat.stdin.end(message);
    await once(socat, "close");
    assert.equal(answer, message);
  });

  test(`curl talks to a server under ${runtime} for Windows`, { skip }, async () => {
    const file = "./tests/wine/fixtures/http_server.ts";
    await using server = await Server.start("taskset", underWine(runtime, file));
    for (const path of ["/one", "/two"]) {
      const { stdout } = await run("curl", ["-sS", "-m", "30", `http://${server.address}${path}`]);
      assert.equal(stdout, `you asked for ${path}\n`);
    }
  });

  test(`${runtime} for Windows connects to an echo server of this system`, { skip }, async () => {
    await using server = await Server.start("bun", ["run", "./examples/echo.ts"]);
    const file = "./tests/wine/fixtures/echo_client.ts";
    const { stdout } = await run("taskset", underWine(runtime, file, server.address));
    assert.equal(stdout.trim(), "good");
  });

  const other = Object.keys(RUNTIMES).find((each) => each !== runtime)!;
  test(
    `${runtime} for Windows connects to the echo server of ${other} for Windows`,
    { skip },
    async () => {
      await using server = await Server.start("taskset", underWine(other, "./examples/echo.ts"));
      const file = "./tests/wine/fixtures/echo_client.ts";
      const { stdout } = await run("taskset", underWine(runtime, file, server.address));
      assert.equal(stdout.trim(), "good");
    },
  );
}
