// SPDX-License-Identifier: MIT
/** Windows, bound for this thread. */
import { arch } from "../contract/host.ts";
import { Interfaces } from "../shared/interfaces.ts";
import { type Platform, PlatformError } from "../contract/platform.ts";
import { Arena } from "./iocp/overlapped_arena.ts";
import { IF_NAMESIZE } from "./abi/constants.ts";
import { WindowsDescriptors } from "./socket/descriptor.ts";
import { ERRNO, errnoText } from "./abi/errno.ts";
import type { Shared } from "./iocp/socket_handle.ts";
import { WindowsDatagrams } from "./socket/datagrams.ts";
import { breakPort } from "./iocp/completion_port.ts";
import { NonblockingSockets } from "./afd/nonblocking_sockets.ts";
import { CompletionPoller } from "./iocp/poller.ts";
import { AfdRawPoller } from "./afd/raw_poller.ts";
import { WindowsSockets } from "./socket/sockets.ts";
import { SOCKADDR } from "./abi/structs.ts";
import { threadCalls } from "./abi/threads.ts";
import { WindowsTransfers } from "./socket/transfer.ts";
import { WindowsUnix } from "./socket/unix.ts";
import { winsock } from "./abi/winsock.ts";

/** Opens the libraries and binds what the library needs of Windows. */
export function windows(): Platform {
  if (arch !== "x64" && arch !== "arm64") {
    throw new PlatformError(`Cannot run on ${arch}: supported CPUs are x64 and arm64`, arch);
  }
  const libraries = winsock();
  const shared: Shared = { winsock: libraries, arena: new Arena(libraries) };
  const sockets = new WindowsSockets(shared);
  const rawSockets = new NonblockingSockets(libraries, sockets);
  return {
    os: "windows",
    pollerName: "iocp",
    registerName: "CreateIoCompletionPort",
    runtime: libraries.runtime,
    sockaddr: SOCKADDR,
    interfaces: new Interfaces(libraries.interfaces, IF_NAMESIZE),
    sockets,
    rawSockets,
    threads: threadCalls(libraries),
    transfers: new WindowsTransfers(libraries, sockets),
    descriptors: new WindowsDescriptors(libraries, sockets),
    packets: new WindowsDatagrams(libraries, sockets),
    unix: new WindowsUnix(libraries, sockets),
    errno: ERRNO,
    errnoText,
    openPoller: () => new CompletionPoller(shared, sockets),
    openRawPoller: () => new AfdRawPoller(shared, rawSockets.blocking),
    hostWait: (poller) => (poller as CompletionPoller | AfdRawPoller).hostWait(),
    wakeDescriptor: (port) => breakPort(shared, port),
  };
}
