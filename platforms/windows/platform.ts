// SPDX-License-Identifier: MIT
/** Windows, bound for this thread. */
import { arch } from "node:process";
import { Interfaces } from "../interfaces.ts";
import { type Platform, PlatformError } from "../types.ts";
import { Arena } from "./arena.ts";
import { IF_NAMESIZE } from "./constants.ts";
import { WindowsDescriptors } from "./descriptor.ts";
import { ERRNO, errnoText } from "./errno.ts";
import type { Shared } from "./handle.ts";
import { WindowsPackets } from "./packets.ts";
import { breakPort } from "./packet_queue.ts";
import { PlainSockets } from "./plain_sockets.ts";
import { CompletionPoller } from "./poller.ts";
import { AfdRawPoller } from "./raw_poller.ts";
import { WindowsSockets } from "./socket.ts";
import { SOCKADDR } from "./structs.ts";
import { threadCalls } from "./threads.ts";
import { WindowsTransfers } from "./transfer.ts";
import { WindowsUnix } from "./unix.ts";
import { winsock } from "./winsock.ts";

/** Opens the libraries and binds what the library needs of Windows. */
export function windows(): Platform {
  if (arch !== "x64" && arch !== "arm64") {
    throw new PlatformError(`Cannot run on ${arch}: its structures are not known`, arch);
  }
  const libraries = winsock();
  const shared: Shared = { winsock: libraries, arena: new Arena(libraries) };
  const sockets = new WindowsSockets(shared);
  const rawSockets = new PlainSockets(libraries, sockets);
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
    packets: new WindowsPackets(libraries, sockets),
    unix: new WindowsUnix(libraries, sockets),
    errno: ERRNO,
    errnoText,
    openPoller: () => new CompletionPoller(shared, sockets),
    openRawPoller: () => new AfdRawPoller(shared, rawSockets.blocking),
    hostWait: (poller) => (poller as CompletionPoller | AfdRawPoller).hostWait(),
    wakeDescriptor: (port) => breakPort(shared, port),
  };
}
