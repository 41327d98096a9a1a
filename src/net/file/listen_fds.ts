// SPDX-License-Identifier: MIT
/**
 * Socket activation: descriptors passed by a service manager. See sd_listen_fds(3); Go: go-systemd,
 * activation.
 */
import { platform } from "../../../platforms/platform.ts";
import { shown } from "../../validate/argument.ts";
import { nodeProcess, pid } from "../../../platforms/contract/host.ts";
import { closeFile } from "../../fd/close_file.ts";
import { SyscallError } from "../../fd/errors.ts";
import { markShared, noteShared, takeShared } from "../../fd/shared_numbers.ts";

/** First passed descriptor. */
const FIRST = 3;

/** Descriptor passed by a service manager. */
export interface ListenFd {
  /** Descriptor number. */
  readonly fd: number;
  /** Name set by `FileDescriptorName=`; "unknown" if it has none. */
  readonly name: string;
}

/**
 * Returns the descriptors that systemd, or a compatible program, passed to this process; none if
 * `LISTEN_PID` is another process. The caller owns them; they are made close-on-exec and
 * non-blocking. The environment variables are removed, so no child process mistakes them for its
 * own, and a second call returns an empty array. Never parks. Needs Deno's permission for the
 * environment variables `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`.
 *
 * Only sockets are adopted. A reload by `--watch`, and most script runners, close what was passed
 * and use its number for something else, while `LISTEN_PID` still fits: let the service manager
 * start the program itself.
 *
 * @throws {RangeError} if `LISTEN_FDS` is not a number; {@linkcode SyscallError} with "EBADF" if
 * one of the descriptors is not open; {@linkcode TypeError} if one of them is not a socket. Then
 * nothing is changed
 * @example
 * ```ts
 * const web = listenFds().find(({ name }) => name === "web");
 * const listener = web ? fileListener(web.fd, { own: true }) : yield* listen("tcp", ":8080");
 * ```
 */
export function listenFds(): ListenFd[] {
  const { LISTEN_PID, LISTEN_FDS = "", LISTEN_FDNAMES } = nodeProcess().env;
  if (LISTEN_PID === undefined || Number(LISTEN_PID) !== pid) return [];
  if (!/^[0-9]{1,9}$/.test(LISTEN_FDS)) {
    throw new RangeError(
      `Cannot adopt passed descriptors as LISTEN_FDS must be a number: current value is ${LISTEN_FDS}`,
    );
  }
  const names = LISTEN_FDNAMES === undefined ? [] : LISTEN_FDNAMES.split(":");
  const passed = Array.from(
    { length: Number(LISTEN_FDS) },
    (_, i) => ({ fd: FIRST + i, name: names[i] || "unknown" }),
  );
  for (const { fd } of passed) requireSocket(fd);
  for (const { fd } of passed) {
    checked("fcntl", platform().descriptors.closeOnExec(fd));
    checked("fcntl", platform().descriptors.setNonBlocking(fd, true));
  }
  // The service manager holds them too.
  for (const { fd } of passed) noteShared(fd);
  delete nodeProcess().env.LISTEN_PID;
  delete nodeProcess().env.LISTEN_FDS;
  delete nodeProcess().env.LISTEN_FDNAMES;
  return passed;
}

/**
 * Rejects a number that a runtime has reused after losing the sockets, when LISTEN_PID still
 * matches.
 */
function requireSocket(fd: number): void {
  const kind = platform().descriptors.kind(fd);
  if (typeof kind === "number") checked("getsockopt", kind);
  else if (kind.domain === "file") {
    throw new TypeError(
      `Cannot adopt passed descriptors as descriptor ${fd} is not a socket: a reload ("bun --watch", ` +
        `"deno run --watch") or a script runner ("bun run", "npm start") has closed what was passed; ` +
        `have the service manager start the program itself, without a reload`,
    );
  }
}

function checked(call: string, result: number): void {
  if (result < 0) throw new SyscallError(call, -result);
}

/**
 * Closes a descriptor that the library does not own: one that was passed, detached, or given to
 * `fileConn` without `own`. One that `node:fs` opened is closed there too: on Deno only in the
 * thread that opened it. Never parks. Go: `syscall.Close`.
 *
 * @throws {RangeError} if `fd` is not a descriptor number; {@linkcode SyscallError} with "EBADF" if
 * it is not open
 * @example
 * ```ts
 * const fd = conn.detach();
 * closeFd(fd);
 * ```
 */
export function closeFd(fd: number): void {
  checkNumber("close", fd);
  takeShared(fd);
  const done = closeFile(fd, platform().descriptors);
  if (done < 0) throw new SyscallError("close", -done);
}

/**
 * Marks a descriptor that others hold too: a child that inherits it, another thread, another
 * library. From then on, closing the connection or listener that holds it here, or that `fileConn`
 * makes of it, is a bare close(2), as in Go, C and Python: no shutdown, no reset, no wait for the
 * peer, all of which would act on the other holders. `abort` does no more than that either, and a
 * Unix listener leaves its file in place. Never parks.
 *
 * The library marks by itself what is passed or received by SCM_RIGHTS, duplicated by `fileConn`
 * and its siblings without `own`, or returned by `listenFds`.
 *
 * @param fd a descriptor, such as `conn.fd` or `listener.fd`
 * @throws {RangeError} if `fd` is not a descriptor number
 * @example
 * ```ts
 * shareFd(conn.fd);
 * spawn("worker", [], { stdio: [conn.fd, conn.fd, "inherit"] });
 * conn.close(); // the child continues with it
 * ```
 */
export function shareFd(fd: number): void {
  checkNumber("share", fd);
  markShared(fd);
}

function checkNumber(verb: string, fd: number): void {
  if (Number.isInteger(fd) && fd >= 0 && fd < 2 ** 31) return;
  throw new RangeError(
    `Cannot ${verb} a descriptor as fd must be a non-negative integer: current value is ${
      shown(fd)
    }`,
  );
}
