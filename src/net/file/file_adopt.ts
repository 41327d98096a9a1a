// SPDX-License-Identifier: MIT
/** Adoption of foreign descriptors. Go: net/file_unix.go, newFileFD. */
import * as z from "../../validate/schema.ts";
import { shown } from "../../validate/argument.ts";
import type { DescriptorKind } from "../../../platforms/contract/packets.ts";
import { platform } from "../../../platforms/platform.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { netpoll } from "../../netpoll/netpoll.ts";
import { NotPollableError, SyscallError } from "../../fd/errors.ts";
import { holdSpare } from "../../fd/accept_backoff.ts";
import type { FD } from "../../fd/fd.ts";
import { markShared, takeShared } from "../../fd/shared_numbers.ts";
import type { Addr } from "../addr/addr.ts";
import { OpError } from "../errors.ts";
import type { NetFD } from "../socket/net_fd.ts";
import type { ProxyProtocolOptions } from "../options/proxy_options.ts";
import { checkOptions } from "../../validate/options.ts";

/** Ownership of an adopted descriptor. */
export interface FileOptions {
  /**
   * Takes ownership: the descriptor is closed together with the object made from it. By default it
   * is duplicated, as in Go, and the original stays with the caller, who closes it. If the call
   * fails, it stays with the caller in either case. On Deno, take ownership of what `node:fs`
   * opened only in the thread that opened it: the other threads' `node:fs` would close the number
   * again later.
   *
   * The duplicate and the original are one socket, so closing either closes its number and nothing
   * else: see {@linkcode shareFd}.
   */
  own?: boolean;
}

/** Options of {@linkcode fileListener}. */
export interface FileListenerOptions extends FileOptions {
  /** As of {@linkcode ListenOptions}. */
  proxyProtocol?: ProxyProtocolOptions;
}

const OPTIONS: z.Schema<FileOptions> = z.options(() => ({ own: z.boolean().optional() }));

/** An unregistered descriptor, and the object that is created once it is registered. */
interface Adopted<T> {
  readonly fd: FD;
  readonly make: () => T;
}

/**
 * Creates the object for a non-blocking descriptor, or returns null if it is of the wrong kind;
 * `changed` is whether it was blocking.
 */
type Adopt<T> = (sysfd: number, kind: DescriptorKind, changed: boolean) => Adopted<T> | null;

/** Adopts `fd`, or a duplicate of it, as a `title` such as "a listener". */
export function adopted<T>(
  fd: number,
  options: FileOptions,
  title: string,
  adopt: Adopt<T>,
): T {
  const { own = false } = checkOptions("use a descriptor", OPTIONS, options);
  if (!(Number.isInteger(fd) && fd >= 0 && fd < 2 ** 31)) {
    throw new RangeError(
      `Cannot use a descriptor as fd must be a non-negative integer: current value is ${shown(fd)}`,
    );
  }
  const calls = platform().descriptors;
  const kind = calls.kind(fd);
  if (typeof kind === "number") throw failure("getsockopt", kind);
  const sysfd = own ? fd : checked("fcntl", calls.duplicate(fd));
  let changed = false;
  try {
    if (own) checked("fcntl", calls.closeOnExec(fd));
    changed = checked("fcntl", calls.setNonBlocking(sysfd, true)) === 1;
    const made = adopt(sysfd, kind, changed);
    if (made === null) throw unfit(fd, title, describe(kind));
    register(fd, title, made.fd);
    if (!own) markShared(fd);
    if (!own || takeShared(fd)) made.fd.share();
    return made.make();
  } catch (error) {
    if (changed) calls.setNonBlocking(sysfd, false);
    if (!own) calls.close(sysfd);
    throw error;
  }
}

/** Registers with the poller. */
function register(fd: number, title: string, made: FD): void {
  if (netpoll.isPollDescriptor(fd)) throw unfit(fd, title, "a descriptor of the poller");
  const done = made.init();
  if (done >= 0) return;
  switch (platform().errnoText(-done).name) {
    case "EPERM":
      throw new OpError("file", "file+net", null, null, new NotPollableError());
    case "EEXIST":
      throw unfit(fd, title, "already in use by a connection or listener of this thread");
  }
  throw failure(platform().registerName, done);
}

/** Sets the remote address, if there is one. */
export function withRemote<A extends Addr, F extends NetFD<A>>(
  fd: F,
  name: (raw: RawAddress) => A,
): F {
  const raw = platform().sockets.remoteAddress(fd.sysfd);
  fd.setAddrs(null, typeof raw === "number" ? null : name(raw));
  return fd;
}

/** Makes a listener hold the thread's spare descriptor. */
export function held<L>(listener: L): L {
  holdSpare();
  return listener;
}

function checked(call: string, result: number): number {
  if (result < 0) throw failure(call, result);
  return result;
}

/** Creates the error for minus an errno. */
function failure(call: string, result: number): OpError {
  return new OpError("file", "file+net", null, null, new SyscallError(call, -result));
}

function unfit(fd: number, title: string, what: string): TypeError {
  return new TypeError(
    `Cannot use descriptor ${fd} as ${title}: it is ${what}`,
  );
}

function describe({ domain, type, listening }: DescriptorKind): string {
  if (domain === "file") return "not a socket";
  if (domain === "other" || type === "other") return "a socket of an unsupported kind";
  if (listening) return "a listener";
  return type === "dgram" ? "a datagram socket" : "a connection";
}
