// SPDX-License-Identifier: MIT
/**
 * Socket activation: descriptors passed by a service manager. See sd_listen_fds(3); Go: go-systemd,
 * activation.
 */
import { platform } from "../../../platforms/platform.ts";
import { shown } from "../../validate/argument.ts";
import { env, pid } from "node:process";
import { closeFile } from "../../fd/close_file.ts";
import { SyscallError } from "../../fd/errors.ts";

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
 * `LISTEN_PID` is another process. The caller owns them; they are made close-on-exec. The
 * environment variables are removed, so no child process mistakes them for its own, and a second
 * call returns an empty array. Never parks. Needs Deno's permission for the environment variables
 * `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`.
 *
 * @throws {RangeError} if `LISTEN_FDS` is not a number; {@linkcode SyscallError} with "EBADF" if
 * one of the descriptors is not open
 * @example
 * ```ts
 * const web = listenFds().find(({ name }) => name === "web");
 * const listener = web ? fileListener(web.fd, { own: true }) : yield* listen("tcp", ":8080");
 * ```
 */
export function listenFds(): ListenFd[] {
  const { LISTEN_PID, LISTEN_FDS = "", LISTEN_FDNAMES } = env;
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
  for (const { fd } of passed) {
    const done = platform().descriptors.closeOnExec(fd);
    if (done < 0) throw new SyscallError("fcntl", -done);
  }
  delete env.LISTEN_PID;
  delete env.LISTEN_FDS;
  delete env.LISTEN_FDNAMES;
  return passed;
}

/**
 * Closes a descriptor that the library does not own: one that was passed, detached, or given to
 * `fileConn` without `own`. One that `node:fs` opened is closed there too: on Deno only in the thread
 * that opened it. Never parks. Go: `syscall.Close`.
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
  if (!(Number.isInteger(fd) && fd >= 0 && fd < 2 ** 31)) {
    throw new RangeError(
      `Cannot close a descriptor as fd must be a non-negative integer: current value is ${
        shown(fd)
      }`,
    );
  }
  const done = closeFile(fd, platform().descriptors);
  if (done < 0) throw new SyscallError("close", -done);
}
