// SPDX-License-Identifier: MIT
/** Sockets that a service manager passes, as systemd does. Needs perl, which plays the manager. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { isDeno, ROOT, start } from "../support/child.ts";

/** Opens a socket of TCP as 3 and a Unix socket as 4, and becomes the program in its arguments. */
const MANAGER = `
use Socket;
$^F = 9; # Descriptors up to this one stay open.
socket(A, PF_INET, SOCK_STREAM, 0) && bind(A, sockaddr_in(0, INADDR_LOOPBACK)) && listen(A, 8)
  or die "inet: $!";
socket(B, PF_UNIX, SOCK_STREAM, 0) && bind(B, sockaddr_un(shift)) && listen(B, 8) or die "unix: $!";
fileno(A) == 3 && fileno(B) == 4 or die "not 3 and 4";
@ENV{qw(LISTEN_PID LISTEN_FDS LISTEN_FDNAMES)} = ($$, 2, "web:control");
exec @ARGV or die "exec: $!";
`;

/** Opens a socket of TCP as 3 and a file as 4. */
const CONFUSED = `
use Socket;
$^F = 9;
socket(A, PF_INET, SOCK_STREAM, 0) && bind(A, sockaddr_in(0, INADDR_LOOPBACK)) && listen(A, 8)
  or die "inet: $!";
open(B, "<", "/dev/null") or die "file: $!";
fileno(A) == 3 && fileno(B) == 4 or die "not 3 and 4";
@ENV{qw(LISTEN_PID LISTEN_FDS)} = ($$, 2);
exec @ARGV or die "exec: $!";
`;

/** All that is read from a connection. */
function answer(...to: [number, string] | [string]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(...to as [number, string]);
    let text = "";
    socket.on("data", (data) => text += data);
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}

test("a program is started with its sockets", { timeout: 60_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), "netpoll-"));
  const path = join(dir, "control");
  const program = [process.execPath, ...isDeno ? ["run", "-A"] : []];
  const fixture = "tests/system/fixtures/activated.ts";
  await using child = start("perl", ["-e", MANAGER, path, ...program, fixture]);
  const [, port] = await child.stdout.match(/\ntcp 127\.0\.0\.1:(\d+), unix .*\n/);
  assert.equal(
    child.stdout.text,
    "3 web, 4 control; close-on-exec true; non-blocking true; variables gone true\n" +
      `tcp 127.0.0.1:${port}, unix ${path}\n`,
  );
  assert.equal(await answer(Number(port), "127.0.0.1"), `127.0.0.1:${port}`);
  const told = await answer(path).catch(async (error) =>
    `${error}, ${JSON.stringify(await child.exit)}: ${child.stderr.text}`
  );
  assert.equal(told, path);
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr.text);
  // The file is the manager's.
  assert.ok(existsSync(path));
  rmSync(dir, { recursive: true });
});

test("a descriptor that is no socket is refused, and nothing is changed", async () => {
  const program = [process.execPath, ...isDeno ? ["run", "-A"] : []];
  const fixture = "tests/system/fixtures/activated.ts";
  await using child = start("perl", ["-e", CONFUSED, ...program, fixture]);
  assert.equal((await child.exit).code, 1);
  assert.match(
    child.stderr.text,
    /TypeError: Cannot adopt passed descriptors as descriptor 4 is not a socket: a reload/,
  );
});

test("after a reload of Bun the numbers are Bun's own, and are refused", {
  skip: isDeno && "a reload of Deno has the same process, whose sockets stay until they are closed",
  timeout: 60_000,
}, async () => {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const dir = mkdtempSync(join(ROOT, ".cache", "activation-"));
  try {
    const file = join(dir, "program.ts");
    const program = (body: string) =>
      writeFileSync(file, `${body}\nsetInterval(() => {}, 1000);\n`);
    program('console.log("first");');
    const args = ["-e", MANAGER, join(dir, "control"), process.execPath, "--watch", file];
    await using child = start("perl", args);
    await child.stdout.match(/first/);
    const saving = setInterval(() =>
      program(`
        import { listenFds } from "../../mod.ts";
        console.log(process.env.LISTEN_PID === String(process.pid) ? "fits" : "differs");
        try { console.log("adopted", listenFds()); } catch (error) { console.log(String(error)); }
      `), 500);
    try {
      const [, said] = await child.stdout.match(/fits\n(.*)\n/);
      assert.match(
        said,
        /^TypeError: Cannot adopt passed descriptors as descriptor 3 is not a socket/,
      );
    } finally {
      clearInterval(saving);
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});
