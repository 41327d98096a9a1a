// SPDX-License-Identifier: MIT
/** Sockets that a service manager passes. See sd_listen_fds(3); Go has it in go-systemd, activation. */
import { platform } from "../../../platforms/platform.ts";
import { shown } from "../../validate/argument.ts";
import { env, pid } from "node:process";
import { SyscallError } from "../../fd/errors.ts";

/** The first descriptor that is passed. */
const FIRST = 3;

/** A descriptor that was passed. */
export interface ListenFd {
  /** Its number. */
  readonly fd: number;
  /** Its name, as `FileDescriptorName=` sets it; "unknown" if it has none. */
  readonly name: string;
}

/**
 * The descriptors that systemd, or a program like it, has passed to this process: none if
 * `LISTEN_PID` is another's. They are yours, and close-on-exec from now on. The variables are
 * removed, so that no child takes them for its own and a second call gives none. Never parks. Needs
 * Deno's permission for the environment variables `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`.
 *
 * @throws {RangeError} when `LISTEN_FDS` is no number; {@linkcode SyscallError} with "EBADF" when one
 * of them is not open
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
      `Cannot take descriptors as LISTEN_FDS must be a number: current value is ${LISTEN_FDS}`,
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
 * Closes a descriptor that belongs to nobody here: one that was passed, detached, or given to
 * `fileConn` without `own`. Never parks. Go: `syscall.Close`.
 *
 * @throws {RangeError} when it is no number; {@linkcode SyscallError} with "EBADF" when it is not open
 */
export function closeFd(fd: number): void {
  if (!(Number.isInteger(fd) && fd >= 0 && fd < 2 ** 31)) {
    throw new RangeError(
      `Cannot close a descriptor as it must be a whole number: current value is ${shown(fd)}`,
    );
  }
  const done = platform().descriptors.close(fd);
  if (done < 0) throw new SyscallError("close", -done);
}
