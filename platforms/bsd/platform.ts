// SPDX-License-Identifier: MIT
/** macOS or FreeBSD, bound for this thread. */
import { watchedDescriptor } from "../posix/watched.ts";
import { arch } from "../contract/host.ts";
import { Interfaces } from "../shared/interfaces.ts";
import { jsRuntime } from "../shared/js_runtime.ts";
import { type Platform, PlatformError } from "../contract/platform.ts";
import { AF_INET, IF_NAMESIZE, SOCK_STREAM } from "./constants.ts";
import { BsdDescriptors } from "./descriptor.ts";
import { closeOnExec, variadicArrives } from "./fd_flags.ts";
import { breaker, type KqueueCalls } from "./kqueue.ts";
import { type BsdLibc, openLibc } from "./libc.ts";
import { BsdPackets } from "./packet.ts";
import { KqueuePoller } from "./poller.ts";
import { KqueueRawPoller } from "./raw_poller.ts";
import { BsdSockets } from "./socket.ts";
import type { BsdSystem } from "./system.ts";
import { BsdTransfers } from "./transfer.ts";
import { BsdUnix } from "./unix.ts";

/** Opens the C library and binds what the library needs of `system`. */
export function bsd(system: BsdSystem): Platform {
  if (arch !== "x64" && arch !== "arm64") {
    throw new PlatformError(`Cannot run on ${arch}: supported CPUs are x64 and arm64`, arch);
  }
  const runtime = jsRuntime();
  const libc = openLibc(runtime, system, arch);
  requireVariadics(libc, system);
  const calls = kqueueCalls(libc);
  const sockets = new BsdSockets(libc, system);
  return {
    os: system.os,
    pollerName: "kqueue",
    registerName: "kevent",
    runtime,
    sockaddr: system.sockaddr,
    interfaces: new Interfaces(libc.symbols, IF_NAMESIZE),
    sockets,
    rawSockets: sockets,
    transfers: new BsdTransfers(libc, system),
    packets: new BsdPackets(libc, system),
    unix: new BsdUnix(libc, system),
    descriptors: new BsdDescriptors(libc, system),
    errno: system.errno,
    errnoText: system.errnoText,
    openPoller: () => new KqueuePoller(calls, system.kevent, system.errnoText),
    openRawPoller: () => new KqueueRawPoller(calls, system.kevent, system.errnoText),
    hostWait: (poller) =>
      runtime.hostWait(watchedDescriptor(poller.waitDescriptor, libc.path, sockets)),
    wakeDescriptor: breaker(calls, system.kevent),
  };
}

/** Binds kqueue(2) and kevent(2). A kqueue can itself be polled. */
function kqueueCalls(libc: BsdLibc): KqueueCalls {
  const { kqueue, kevent, close } = libc.symbols;
  return {
    kqueue() {
      const kq = kqueue();
      if (kq < 0) return -libc.errno();
      // A child does not inherit a kqueue by fork, but exec alone would keep it.
      closeOnExec(libc, kq);
      return kq;
    },
    kevent(kq, changes, changeCount, events, room, timeout) {
      const count = kevent(kq, changes, changeCount, events, room, timeout);
      return count >= 0 ? count : -libc.errno();
    },
    waitDescriptor: (kq) => kq,
    close: (kq) => close(kq),
  };
}

/** Throws PlatformError if the runtime does not pass variadic arguments as this CPU requires. */
function requireVariadics(libc: BsdLibc, system: BsdSystem): void {
  const { socket, close } = libc.symbols;
  const fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) {
    const { name, text } = system.errnoText(libc.errno());
    throw new PlatformError(`Cannot create a socket: ${text}`, name);
  }
  const arrives = variadicArrives(libc, fd);
  close(fd);
  if (!arrives) {
    throw new PlatformError(
      "Cannot call ioctl: its variadic argument is not passed correctly",
      "ioctl",
    );
  }
}
