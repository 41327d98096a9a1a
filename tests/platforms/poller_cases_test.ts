// SPDX-License-Identifier: MIT
/** The cases of poller_cases.ts over the poller of this platform; NETPOLL_POLLER chooses another. */
import "../support/poller.ts";
import { platform } from "../../platforms/platform.ts";
import { WindowsSockets } from "../../platforms/windows/socket/sockets.ts";
import { pollerCases } from "./poller_cases.ts";
import { completionSystem } from "./poller_completions.ts";

const { pollerName, openPoller, sockets, errno, wakeDescriptor } = platform();

pollerCases({
  name: pollerName,
  open: openPoller,
  sockets,
  errno,
  connect: (fd, address) => sockets.connect(fd, address),
  accept: (fd) => sockets.accept(fd),
  wake: wakeDescriptor,
  want: () => {},
  skip: {},
  ...(sockets instanceof WindowsSockets ? completionSystem(sockets) : {}),
});
