// SPDX-License-Identifier: MIT
/** Files to connections. Go: net/sendfile_test.go. */
import assert from "node:assert/strict";
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import {
  background,
  type Conn,
  go,
  type OpError,
  pipe,
  readAll,
  type Routine,
  sendFile,
  withCancel,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { onWindows, openLinks, pair, runBy, thrown, until } from "../support/harness.ts";
import { assertPattern, pattern } from "../support/pattern.ts";

const LENGTH = 3_000_000;

/** Why a test of what is no file is left out, if it is. */
const noPipes = onWindows && "there is no pipe(2) on Windows";

/** Runs `body` with a file whose bytes count from 0, in a folder that is gone afterwards. */
function withFile(
  name: string,
  body: (path: string) => Routine<void>,
  skip: string | false = false,
): void {
  for (const driver of ["run", "runSync"] as const) {
    test(`${name} (${driver})`, { skip }, async () => {
      const folder = mkdtempSync(join(tmpdir(), "netpoll-file-"));
      try {
        const path = join(folder, "file");
        writeFileSync(path, pattern(LENGTH));
        await runBy(driver, () => body(path));
        const open = openLinks().filter((link) => link.startsWith(folder));
        assert.deepEqual(open, [], "the file is still open");
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
}

/** Returns the bytes that the other end of `conn` reads while `send` sends, and its result. */
function* sent(
  makePair: () => Routine<[Conn, Conn]>,
  send: (conn: Conn) => Routine<number>,
): Routine<[Uint8Array, number]> {
  const [a, b] = yield* makePair();
  const reader = go(() => readAll(b));
  const n = yield* send(a);
  a.close();
  const got = yield* reader.join();
  b.close();
  return [got, n];
}

function* pipePair(): Routine<[Conn, Conn]> {
  return pipe();
}

for (const [kind, makePair] of [["a socket", pair], ["another connection", pipePair]] as const) {
  withFile(`a file and parts of it are sent to ${kind}`, function* (path) {
    const parts: [object, number, number][] = [
      [{}, 0, LENGTH],
      [{ offset: 1_000_001 }, 1_000_001, LENGTH - 1_000_001],
      [{ length: 10 }, 0, 10],
      [{ offset: 7, length: 2_000_000 }, 7, 2_000_000],
      [{ offset: LENGTH - 5, length: 100 }, LENGTH - 5, 5],
      [{ offset: LENGTH }, LENGTH, 0],
      [{ offset: LENGTH + 1000 }, LENGTH, 0],
      [{ length: 0 }, 0, 0],
    ];
    for (const [options, from, length] of parts) {
      const [got, n] = yield* sent(makePair, (conn) => sendFile(conn, path, options));
      assert.deepEqual([n, got.length], [length, length], JSON.stringify(options));
      assertPattern(got, got.length, from);
    }
  });

  withFile(`a descriptor stays open with its position, towards ${kind}`, function* (path) {
    const fd = openSync(path, "r");
    const buf = new Uint8Array(10);
    readSync(fd, buf);
    const [got] = yield* sent(makePair, (conn) => sendFile(conn, fd, { offset: 100, length: 50 }));
    assertPattern(got, got.length, 100);
    readSync(fd, buf);
    assertPattern(buf, buf.length, 10);
    closeSync(fd);
  });
}

withFile("a URL is accepted as a path", function* (path) {
  const [, n] = yield* sent(pair, (conn) => sendFile(conn, pathToFileURL(path)));
  assert.equal(n, LENGTH);
});

withFile("the kernel itself sends a file with a path", function* (path) {
  const { transfers } = platform();
  const real = transfers.sendFile.bind(transfers);
  let sentByKernel = 0;
  transfers.sendFile = (...call) => {
    const n = real(...call);
    sentByKernel += Math.max(n, 0);
    return n;
  };
  try {
    const [got] = yield* sent(pair, (conn) => sendFile(conn, path));
    assertPattern(got);
    assert.equal(sentByKernel, LENGTH);
  } finally {
    Reflect.deleteProperty(transfers, "sendFile");
  }
});

withFile("a sparse file is sent beyond 4 GiB", function* (path) {
  const fd = openSync(path, "r+");
  const [HIGH, BEYOND] = [2 ** 31 + 11, 2 ** 33 + 5];
  writeSync(fd, Uint8Array.of(7, 8, 9), 0, 3, HIGH);
  writeSync(fd, Uint8Array.of(4, 5, 6), 0, 3, BEYOND);
  for (const makePair of [pair, pipePair]) {
    const [high] = yield* sent(makePair, (conn) => sendFile(conn, fd, { offset: HIGH, length: 3 }));
    assert.deepEqual([...high], [7, 8, 9]);
    const [beyond] = yield* sent(makePair, (conn) => sendFile(conn, path, { offset: BEYOND }));
    assert.deepEqual([...beyond], [4, 5, 6]);
  }
  closeSync(fd);
});

withFile("a file that shrinks in the meantime is sent up to its end", function* (path) {
  const fd = openSync(path, "r+");
  writeSync(fd, new Uint8Array(1), 0, 1, 64 << 20);
  const [a, b] = yield* pair();
  const sender = go(() => sendFile(a, path));
  yield* until(() => sender.status === "waiting");
  ftruncateSync(fd, LENGTH);
  closeSync(fd);
  const reader = go(() => readAll(b));
  const n = yield* sender.join();
  a.close();
  const got = yield* reader.join();
  assert.equal(n, got.length);
  assert.ok(n < 64 << 20);
  assertPattern(got.subarray(0, LENGTH));
  b.close();
});

withFile(
  "a partial sendFile reports how much was sent, and closes the file",
  function* (path) {
    const fd = openSync(path, "r+");
    ftruncateSync(fd, 64 << 20);
    closeSync(fd);
    const [ctx, cancel] = withCancel(background());
    const ends: [(conn: Conn) => void, object][] = [
      [(conn) => conn.setWriteDeadline(1), {}],
      [() => cancel(), { cancel: ctx }],
    ];
    for (const [end, options] of ends) {
      const [a, b] = yield* pair();
      const sender = go(() => thrown(sendFile(a, path, options)));
      yield* until(() => sender.status === "waiting");
      end(a);
      const error = (yield* sender.join()) as OpError;
      assert.equal(error.op, "sendfile");
      a.close();
      assert.equal((yield* readAll(b)).length, error.bytesWritten);
      b.close();
    }
  },
);

withFile("while Windows sends a file, it cannot be written to", function* (path) {
  const fd = openSync(path, "r+");
  ftruncateSync(fd, 64 << 20);
  closeSync(fd);
  const [a, b] = yield* pair();
  const sender = go(() => sendFile(a, path));
  yield* until(() => sender.status === "waiting");
  assert.throws(() => openSync(path, "r+"));
  const reader = go(() => readAll(b));
  assert.equal(yield* sender.join(), 64 << 20);
  a.close();
  yield* reader.join();
  b.close();
  closeSync(openSync(path, "r+"));
}, !onWindows && "elsewhere a file may be written to at any time");

withFile("a run that ends during a sendFile closes the file", function* (path) {
  const fd = openSync(path, "r+");
  ftruncateSync(fd, 64 << 20);
  closeSync(fd);
  const [a] = yield* pair();
  const sender = go(() => sendFile(a, path));
  yield* until(() => sender.status === "waiting");
});

withFile("a pipe is no file", function* (_path) {
  const { transfers, sockets } = platform();
  const ends = transfers.pipe(4096);
  assert.ok(typeof ends !== "number");
  const [a, b] = yield* pair();
  // node:fs says, on each runtime in its own words, that a pipe has no offsets.
  assert.ok((yield* thrown(sendFile(a, ends.reader))) instanceof Error);
  sockets.close(ends.reader);
  sockets.close(ends.writer);
  a.close();
  b.close();
}, noPipes);

withFile("without kernel support, reads and writes are used", function* (path) {
  const { transfers } = platform();
  const { EINVAL } = platform().errno;
  transfers.sendFile = () => -EINVAL;
  try {
    const [got, n] = yield* sent(pair, (conn) => sendFile(conn, path, { offset: 3 }));
    assert.equal(n, LENGTH - 3);
    assertPattern(got, got.length, 3);
  } finally {
    Reflect.deleteProperty(transfers, "sendFile");
  }
});

withFile("a missing file and invalid options are rejected", function* (path) {
  const [a, b] = yield* pair();
  const missing = yield* thrown(sendFile(a, `${path}.none`));
  assert.equal((missing as { code?: string }).code, "ENOENT");
  for (const options of [{ offset: -1 }, { length: 0.5 }, { nonsense: 1 }, { offset: NaN }]) {
    assert.ok((yield* thrown(sendFile(a, path, options))) instanceof TypeError);
  }
  a.close();
  const closed = (yield* thrown(sendFile(a, path))) as OpError;
  assert.match(closed.message, /^sendfile tcp .*: use of closed network connection$/);
  assert.equal(closed.bytesWritten, 0);
  b.close();
});
