// SPDX-License-Identifier: MIT
/** Linux, bound for this thread. */
import { watchedDescriptor } from "../posix/watched.ts";
import { arch } from "../contract/host.ts";
import { Interfaces } from "../shared/interfaces.ts";
import { jsRuntime } from "../shared/js_runtime.ts";
import { type Platform, PlatformError } from "../contract/platform.ts";
import { IF_NAMESIZE } from "./constants.ts";
import { LinuxDescriptors } from "./descriptor.ts";
import { wakeEventfd } from "./epoll.ts";
import { ERRNO, errnoText } from "./errno.ts";
import { closeFormerPrograms, programMark } from "./former_program.ts";
import { type Libc, libc } from "./libc.ts";
import { LinuxPackets } from "./packet.ts";
import { LinuxKernelTLS } from "./kernel_tls.ts";
import { EpollPoller } from "./poller.ts";
import { EpollRawPoller } from "./raw_poller.ts";
import { LinuxSockets } from "./socket.ts";
import { EPOLL_EVENT, SOCKADDR } from "./structs.ts";
import { LinuxSignals } from "./signals.ts";
import { threadCalls } from "./threads.ts";
import { LinuxTransfers } from "./transfer.ts";
import { LinuxUnix } from "./unix.ts";

/** Opens the C library and binds what the library needs of Linux. */
export function linux(c: Libc = libc()): Platform {
  if (arch !== "x64" && arch !== "arm64") {
    throw new PlatformError(`Cannot run on ${arch}: supported CPUs are x64 and arm64`, arch);
  }
  const layout = EPOLL_EVENT[arch];
  const runtime = jsRuntime();
  const sockets = new LinuxSockets(c);
  const mark = programMark(c, runtime);
  if (mark !== null) closeFormerPrograms(c, mark);
  return {
    os: "linux",
    pollerName: "epoll",
    registerName: "epoll_ctl",
    runtime,
    sockaddr: SOCKADDR,
    interfaces: new Interfaces(c.symbols, IF_NAMESIZE),
    sockets,
    rawSockets: sockets,
    transfers: new LinuxTransfers(c),
    threads: threadCalls(c),
    signals: new LinuxSignals(c),
    kernelTLS: new LinuxKernelTLS(c),
    packets: new LinuxPackets(c),
    unix: new LinuxUnix(c),
    descriptors: new LinuxDescriptors(c),
    errno: ERRNO,
    errnoText,
    openPoller: () => new EpollPoller(c, layout, mark),

    openRawPoller: () => new EpollRawPoller(c, layout),
    hostWait: (poller) =>
      runtime.hostWait(watchedDescriptor(poller.waitDescriptor, c.path, sockets)),
    wakeDescriptor: (fd) => wakeEventfd(c, fd),
  };
}
