// SPDX-License-Identifier: MIT
/** What the systems really do, where the library relies on it; see docs/ground.md. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { type Conn, dial, go, gosched, listen, OpError, type TCPAddr } from "../../mod.ts";
import { sys } from "../../poll.ts";
import { platform } from "../../platforms/platform.ts";
import { both, noProc, openSockets, pair, thrown, until } from "../support/harness.ts";

const BYTE = Uint8Array.of(1);

both("a client that was reset in the queue is accepted, with its address", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const client = sys.socket();
  sys.connect(client, String(listener.addr));
  const { port } = sys.localAddr(client);
  platform().sockets.setLinger(client, 0);
  sys.close(client);
  using conn = yield* listener.accept();
  assert.equal((conn.remoteAddr as TCPAddr).port, port);
  const error = yield* thrown(conn.read(new Uint8Array(1)));
  assert.ok(error instanceof OpError, String(error));
  assert.equal(error.code, "ECONNRESET");
  // The kernel has forgotten it by then.
  assert.equal(typeof platform().sockets.remoteAddress(conn.fd), "number");
}, noProc);

both("a writer on a Unix stream continues once poll(2) reports space", function* () {
  using listener = yield* listen("unix", "");
  using writer: Conn = yield* dial("unix", String(listener.addr));
  using reader: Conn = yield* listener.accept();
  let written = 0;
  const writing = go(function* () {
    for (;;) written += yield* writer.write(BYTE);
  });
  while (writing.status !== "waiting" || writing.waitReason !== "IO wait") yield* gosched();
  const full = written;
  const room = () => platform().sockets.ready(writer.fd, "write") === 1;
  let read = 0;
  for (; !room(); read++) yield* reader.read(new Uint8Array(1));
  // A send would have gone through after the first read; the kernel says so only after most.
  assert.ok(read > full / 2, `${read} of ${full} read`);
  while (written === full) yield* gosched();
  reader.close();
  assert.ok((yield* thrown(writing.join())) instanceof OpError);
}, noProc);

both("no child process inherits a socket or a poller of the library", function* () {
  const before = openSockets();
  const [client, server] = yield* pair();
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const { stdout } = spawnSync("ls", ["-l", "/proc/self/fd"], { encoding: "utf8" });
  const ours = [client, server, listener].map(({ fd }) => fd);
  const inherited = [...stdout.matchAll(/ (\d+) -> (socket:|anon_inode:)/g)].map(([, fd]) => fd);
  assert.deepEqual(inherited.filter((fd) => ours.includes(Number(fd))), []);
  assert.ok(stdout.includes(" 1 -> "), stdout);
  client.close();
  server.close();
  // Bun closes its own sockets to the child a moment later.
  yield* until(() => openSockets() <= before + 1);
}, noProc);
