// SPDX-License-Identifier: MIT
/**
 * Servers under the runtimes' own ways to restart a program at every save, and to look into it. Each
 * is saved several times, and serves a connection on the same port after each.
 */
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { type Child, eventually, isDeno, ROOT, start } from "../support/child.ts";
import { freePort } from "../support/free_port.ts";

const TIMEOUT_MS = 90_000;
/** Milliseconds after which a save that had no effect is repeated. */
const SAVE_AGAIN_MS = 2000;
/** How often a program is saved. */
const SAVES = 3;

/**
 * A server whose answer is its version. With `folder` there is a Unix socket beside it, whose file only
 * an orderly end removes.
 */
function server(version: number, port: number, folder?: string): string {
  const local = folder === undefined
    ? ""
    : `const local = yield* listen("unix", ${JSON.stringify(join(folder, "s"))});
  go(serve, local);`;
  return `
import { type Conn, go, listen, type Listener, type Routine, run } from "../../mod.ts";

function* answer(conn: Conn): Routine<void> {
  yield* conn.write(new TextEncoder().encode("version ${version}"));
  conn.close();
}

function* serve(listener: Listener): Routine<void> {
  for (;;) go(answer, yield* listener.accept());
}

await run(function* () {
  ${local}
  yield* serve(yield* listen("tcp", "127.0.0.1:${port}"));
});
`;
}

/** The same as a test, whose only test never ends: the runtime's test runner restarts it. */
function testOfServer(version: number, port: number, folder?: string): string {
  const [head, main] = server(version, port, folder).split("\nawait run(");
  return `import { test } from "node:test";${head}\ntest("serves", { timeout: 0 }, () => run(${
    main.trimEnd().slice(0, -1)
  });\n`;
}

/** A server whose answer is its version, by two workers that listen themselves. */
function reactorBy(driver: "run" | "runSync"): (version: number, port: number) => string {
  return (version, port) => `
import { isMainThread } from "node:worker_threads";
import { type Conn, type Routine, run } from "../../mod.ts";
import { openReactor } from "../../reactor.ts";

export function* handle(conn: Conn): Routine<void> {
  yield* conn.write(new TextEncoder().encode("version ${version}"));
  conn.close();
}

if (isMainThread) {
  void run(function* () {
    const module = new URL(import.meta.url);
    const reactor = yield* openReactor(module, { workers: 2, driver: "${driver}" });
    yield* reactor.listen("tcp", "127.0.0.1:${port}");
    yield* reactor.wait();
  });
}
`;
}

/** A folder in the checkout, so that the program's imports are found; removed afterwards. */
async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".cache", "watch-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the server answers now; "" while there is none. */
function answer(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(port, "127.0.0.1");
    socket.on("data", (chunk) => text += chunk);
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
}

/** Saves by `save`, again if need be, until the server answers as `version`. */
async function answers(port: number, version: number, save: () => void): Promise<void> {
  // A save that comes before the runtime watches the file is not seen: so it is saved again.
  const saving = setInterval(save, SAVE_AGAIN_MS);
  try {
    const wanted = `version ${version}`;
    await eventually(wanted, async () => (await answer(port)) === wanted, TIMEOUT_MS);
  } finally {
    clearInterval(saving);
  }
}

/** Descriptors that a library may have opened: a runtime's own files are not counted. */
function openDescriptors(child: Child): number {
  const folder = `/proc/${child.pid}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return /^(socket|anon_inode|pipe):/.test(readlinkSync(join(folder, fd)));
    } catch {
      return false; // Closed meanwhile.
    }
  }).length;
}

/**
 * Sockets, and the pollers of the library, which have a mark: of the pollers that Deno has for each
 * worker it lets go seconds after that.
 */
function ownDescriptors(child: Child): number {
  const infos = `/proc/${child.pid}/fdinfo`;
  return readdirSync(infos).filter((fd) => {
    try {
      if (readlinkSync(`/proc/${child.pid}/fd/${fd}`).startsWith("socket:")) return true;
      return /^tfd:.* data: *[89a-f]\w{7}[89a-f]\w{7} /m.test(
        readFileSync(join(infos, fd), "utf8"),
      );
    } catch {
      return false; // Closed meanwhile.
    }
  }).length;
}

/** How a runtime reloads a program. */
interface Reloading {
  /** Whether the process is the same afterwards. */
  readonly samePid: boolean;
  /** Whether the old program's own code runs at its end. */
  readonly ends: boolean;
  /** Counts what must not become more; {@linkcode openDescriptors} if absent. */
  readonly count?: (child: Child) => number;
}

/** Starts the program by `args`, in which FILE stands for it, and saves it again and again. */
async function survivesSaves(
  args: string[],
  { samePid, ends, count = openDescriptors }: Reloading,
  text = server,
  name = "program.ts",
): Promise<void> {
  await inFolder(async (folder) => {
    const port = await freePort();
    const file = join(folder, name);
    const save = (version: number) =>
      writeFileSync(file, text(version, port, ends ? folder : undefined));
    save(1);
    const whole = args.map((arg) => arg === "FILE" ? file : arg);
    await using child = start(process.execPath, whole, { lifetime: TIMEOUT_MS });
    await answers(port, 1, () => {});
    const first = count(child);
    for (let version = 2; version <= SAVES + 1; version++) {
      save(version);
      await answers(port, version, () => save(version));
      // The kernel distributes them over all that listen, the workers of a former program included.
      for (let i = 0; i < 16; i++) assert.equal(await answer(port), `version ${version}`);
    }
    // Those of the program before are closed a moment after the next one serves.
    const few = () => !samePid || count(child) <= first + 2;
    await eventually(`at most ${first} + 2 descriptors after ${SAVES} saves`, few);
    assert.doesNotMatch(child.stdout.text + child.stderr.text, /EADDRINUSE|already in use/);
  });
}

/** A server that answers its version, and then waits for its client. */
function holder(version: number, port: number): string {
  return server(version, port).replace("conn.close()", "yield* conn.read(new Uint8Array(1))");
}

/** Starts the program by `args`, connects, and saves it until that connection ends. */
async function endsConnections(args: string[]): Promise<void> {
  await inFolder(async (folder) => {
    const port = await freePort();
    const file = join(folder, "program.ts");
    const save = (version: number) => writeFileSync(file, holder(version, port));
    save(1);
    const whole = args.map((arg) => arg === "FILE" ? file : arg);
    await using _child = start(process.execPath, whole, { lifetime: TIMEOUT_MS });
    let text = "";
    let ended = false;
    const dial = () => {
      const socket = connect(port, "127.0.0.1");
      socket.on("data", (chunk) => text += chunk);
      socket.on("error", () => {});
      socket.on("close", () => text === "" ? setTimeout(dial, 100) : ended = true);
    };
    dial();
    await eventually("an answer", () => text === "version 1", TIMEOUT_MS);
    const saving = setInterval(() => save(2), SAVE_AGAIN_MS);
    try {
      save(2);
      await eventually("its end", () => ended, TIMEOUT_MS);
    } finally {
      clearInterval(saving);
    }
  });
}

/** Starts the program by `args` and saves it until it is restarted, and finds its port taken. */
async function keepsItsPort(args: string[], text = server, name = "program.ts"): Promise<void> {
  await inFolder(async (folder) => {
    const port = await freePort();
    const file = join(folder, name);
    const save = (version: number) => writeFileSync(file, text(version, port));
    save(1);
    const whole = args.map((arg) => arg === "FILE" ? file : arg);
    await using child = start(process.execPath, whole, { lifetime: TIMEOUT_MS });
    await answers(port, 1, () => {});
    const saving = setInterval(() => save(2), SAVE_AGAIN_MS);
    try {
      save(2);
      const printed = () => child.stdout.text + child.stderr.text;
      const taken = /listen tcp 127\.0\.0\.1:\d+: .*already in use/;
      await eventually("the port is taken", () => taken.test(printed()), TIMEOUT_MS);
    } finally {
      clearInterval(saving);
    }
  });
}

/** Starts the program by `args` and has it serve a few connections. */
async function serves(args: string[]): Promise<void> {
  await inFolder(async (folder) => {
    const port = await freePort();
    const file = join(folder, "program.ts");
    writeFileSync(file, server(1, port, folder));
    writeFileSync(join(folder, "preloaded.ts"), "console.log('preloaded');\n");
    const whole = args.map((arg) => arg.replace("FILE", file).replace("FOLDER", folder));
    await using _child = start(process.execPath, whole, { lifetime: TIMEOUT_MS });
    await answers(port, 1, () => {});
    for (let i = 0; i < 3; i++) assert.equal(await answer(port), "version 1");
  });
}

function reloading(name: string, body: () => Promise<void>): void {
  test(name, { timeout: TIMEOUT_MS }, body);
}

if (isDeno) {
  reloading(
    "deno run --watch: every save rebinds the port, and leaks no descriptor",
    () =>
      survivesSaves(["run", "--watch", "-A", "--no-check", "FILE"], { samePid: true, ends: true }),
  );

  for (const driver of ["runSync", "run"] as const) {
    reloading(
      `deno run --watch: every save ends the workers of a reactor (${driver})`,
      () =>
        survivesSaves(
          ["run", "--watch", "-A", "--no-check", "FILE"],
          { samePid: true, ends: true, count: ownDescriptors },
          reactorBy(driver),
        ),
    );
  }

  // Deno 2.9 fires no event here. The next program closes what the one before left open.
  reloading(
    "deno run --watch-hmr: every save rebinds the port, and leaks no descriptor",
    () =>
      survivesSaves(["run", "--watch-hmr", "-A", "--no-check", "FILE"], {
        samePid: true,
        ends: false,
      }),
  );

  reloading(
    "deno run --watch-hmr under permissions of the least: every save rebinds the port",
    () =>
      survivesSaves(
        ["run", "--watch-hmr", "--no-prompt", "--allow-ffi", "--allow-net", "--no-check", "FILE"],
        { samePid: true, ends: false },
      ),
  );

  reloading(
    "deno run --watch-hmr: a connection of the program before ends",
    () => endsConnections(["run", "--watch-hmr", "-A", "--no-check", "FILE"]),
  );

  // Here the test before goes on in a thread of its own, and keeps its port: docs/host_loop.md.
  reloading(
    "deno test --watch: the port is still taken after a save during a test",
    () =>
      keepsItsPort(
        ["test", "--watch", "-A", "--no-check", "FILE"],
        testOfServer,
        "program_test.ts",
      ),
  );

  for (
    const flags of [["--inspect=127.0.0.1:0"], ["--cpu-prof", "--cpu-prof-dir=FOLDER"], [
      "--preload=FOLDER/preloaded.ts",
    ]]
  ) {
    reloading(
      `deno run ${flags[0].replace(/=.*/, "")}: connections are served`,
      () => serves(["run", ...flags, "-A", "--no-check", "FILE"]),
    );
  }
} else {
  reloading(
    "bun --watch: every save rebinds the port",
    () => survivesSaves(["--watch", "--no-clear-screen", "FILE"], { samePid: false, ends: false }),
  );

  reloading(
    "bun --watch: every save ends the workers of a reactor",
    () =>
      survivesSaves(
        ["--watch", "--no-clear-screen", "FILE"],
        { samePid: false, ends: false },
        reactorBy("runSync"),
      ),
  );

  reloading(
    "bun test --watch: every save during a test rebinds the port",
    () =>
      survivesSaves(
        ["test", "--watch", "--no-clear-screen", "FILE"],
        { samePid: false, ends: false },
        testOfServer,
        "program_test.ts",
      ),
  );

  reloading("bun --hot: a run fails, and its message names the alternative", async () => {
    await inFolder(async (folder) => {
      const file = join(folder, "program.ts");
      writeFileSync(file, server(1, await freePort(), folder));
      await using child = start(process.execPath, ["--hot", file], { lifetime: TIMEOUT_MS });
      await child.stderr.match(/run under bun --hot: .*; use bun --watch/);
    });
  });

  for (
    const flags of [["--inspect=127.0.0.1:0/netpoll"], ["--cpu-prof", "--cpu-prof-dir=FOLDER"], [
      "--preload=FOLDER/preloaded.ts",
    ]]
  ) {
    reloading(
      `bun ${flags[0].replace(/=.*/, "")}: connections are served`,
      () => serves([...flags, "FILE"]),
    );
  }
}
