// SPDX-License-Identifier: MIT
/**
 * `npm run sim:tests [SCHEDULE:SEED]`: runs the tests of tests/net, chan, sync and event on a
 * simulated host, on Bun: "fifo:1" by default. Each must pass, except those listed here with the
 * reason, which use features that are not simulated; a listed test that passes is reported. A
 * random schedule also fails the tests of FIFO order, which rely on the default schedule.
 */
import process from "node:process";
import { capture, program } from "./programs.mjs";
import { filesIn } from "./runners/sets.mjs";

const FILES = "looks by node:fs for a file that binding a socket makes";
const PIPE = "opens a pipe, a file or a terminal of the system";
const NODE = "has a socket of Node for its peer";
const RAW = "reads options by a system call of its own";
const CALLS = "counts calls on a connection that has arrived at once";

/** Tests that use real descriptors, by file: a prefix of their titles, and the reason. */
const REAL = {
  "tests/net/copy_test.ts": { "a partial copy reports": PIPE },
  "tests/net/dial_listen_test.ts": {
    "a server without descriptors": "starts a process with a limit of descriptors",
    "accept() skips errors of connections that are already gone": CALLS,
  },
  "tests/net/file_test.ts": {
    "a descriptor of another kind": PIPE,
    "closing a descriptor of node:fs": PIPE,
    "a listener goes on in fileListener: unix": FILES,
    "a pipe": PIPE,
    "a run that ends closes adopted descriptors": PIPE,
    "a terminal": PIPE,
    "detach() releases the descriptor": "duplicates the descriptor by a system call of its own",
    "closing one of two descriptors of a pipe": PIPE,
    "a descriptor that cannot be polled": PIPE,
  },
  "tests/net/options_test.ts": {
    "backlog limits": RAW,
    "bindToDevice selects": RAW,
    "linger applies": RAW,
    "options that are not set": RAW,
  },
  "tests/net/send_file_test.ts": {
    "a pipe is no file": PIPE,
    "a partial sendFile": "sendfile(2) of a real file",
    "the kernel itself sends": "sendfile(2) of a real file",
  },
  "tests/net/shared_test.ts": {
    "a successor's listener continues when its predecessor closes: unix": FILES,
  },
  "tests/net/tcp_test.ts": { "a call interrupted by a signal": CALLS },
  "tests/net/udp_test.ts": { "node:dgram and the library": NODE },
  "tests/net/unix_fds_test.ts": {
    "a read that was ended": PIPE,
    "unix: descriptors": PIPE,
    "unixgram: descriptors": PIPE,
    "unixpacket: descriptors": PIPE,
  },
  "tests/net/unix_test.ts": {
    "a file that no longer belongs": FILES,
    "neither a failed listen": FILES,
    "the error for a path in use": FILES,
    "node:net and the library": NODE,
    "unix: both ends have their names": FILES,
    "unix: peerCredentials": "expects the user of this process",
    "unixpacket: both ends have their names": FILES,
    "unixpacket: peerCredentials": "expects the user of this process",
  },
  "tests/event/misuse_test.ts": { "an invalid descriptor is not adopted": PIPE },
  "tests/event/networks_test.ts": { "a Unix socket at a path": FILES },
  "tests/event/server_test.ts": { "a server without addresses": "opens a socket of Node" },
};

const SERVED = 'tests "first come, first served"';
const BEGUN = "expects that goroutines begin, or go on, in the order in which they were started";
const ALL_BEGUN = "expects that all goroutines have begun after one turn of the others";

/** Tests that hold in the order of production alone, as REAL. */
const IN_ORDER = {
  "tests/net/close_test.ts": { "close() ends waiting and queued readers": BEGUN },
  "tests/net/deadline_test.ts": { "one deadline ends all queued reads": SERVED },
  "tests/net/dial_listen_test.ts": { "waiting accepts are served in FIFO order": SERVED },
  "tests/net/dial_race_test.ts": { "of two that connect at the same time": BEGUN },
  "tests/net/tcp_test.ts": { "readers take turns": SERVED },
  "tests/net/udp_test.ts": { "readers take turns": SERVED },
  "tests/chan/chan_test.ts": { "waiters are served in FIFO order": SERVED },
  "tests/chan/select_test.ts": { "a custom case is retried when it becomes ready": BEGUN },
  "tests/sync/err_group_test.ts": { "ErrGroup.setLimit() limits concurrency": BEGUN },
  "tests/sync/mutex_test.ts": {
    "Mutex is granted in FIFO order": SERVED,
    "Mutex: a goroutine granted the lock": BEGUN,
  },
  "tests/sync/reuse_test.ts": { "concurrent calls share no state": ALL_BEGUN },
  "tests/sync/scope_test.ts": { "scope(): ten thousand goroutines": ALL_BEGUN },
  "tests/sync/semaphore_test.ts": { "Semaphore: its context keeps no finished waiter": BEGUN },
  "tests/sync/wait_group_test.ts": { "WaitGroup.go() counts": BEGUN },
};

/** Runs one file. Returns the titles of its tests by result. */
async function outcomes(file, simulate) {
  const { output } = await capture(program("bun", "test", "--timeout", "60000", `./${file}`), {
    env: { ...process.env, NETPOLL_SIMULATE: simulate },
  });
  const titles = (word) =>
    new Set([...output.matchAll(new RegExp(`^\\(${word}\\) (.*?)(?: \\[[0-9.]+m?s\\])?$`, "gm"))]
      .map(([, title]) => title));
  return { passed: titles("pass"), failed: titles("fail"), output };
}

const [simulate = "fifo:1"] = process.argv.slice(2);
let passed = 0;
let real = 0;
let inOrder = 0;
let wrong = 0;
for (const file of ["net", "chan", "sync", "event"].flatMap((name) => filesIn(`tests/${name}`))) {
  const found = await outcomes(file, simulate);
  const listed = Object.keys(REAL[file] ?? {});
  const isListed = (title) => listed.some((start) => title.startsWith(start));
  const ordered = simulate.startsWith("fifo:") ? [] : Object.keys(IN_ORDER[file] ?? {});
  passed += found.passed.size;
  if (found.passed.size + found.failed.size === 0) {
    wrong++;
    console.log(`${file}: no test has run\n${found.output}`);
  }
  for (const title of found.failed) {
    if (isListed(title)) real++;
    else if (ordered.some((start) => title.startsWith(start))) inOrder++;
    else {
      wrong++;
      console.log(`${file}: ${title} fails\n${found.output}`);
    }
  }
  for (const start of listed) {
    if ([...found.failed].some((title) => title.startsWith(start))) continue;
    console.log(`${file}: "${start}" passes: it need not be listed`);
  }
}
const share = (100 * passed / (passed + real + inOrder + wrong)).toFixed(1);
console.log(
  `${simulate}: ${passed} pass (${share} %), ${real} touch real descriptors, ` +
    `${inOrder} rely on the order of production, ${wrong} fail`,
);
process.exitCode = wrong > 0 || passed === 0 ? 1 : 0;
