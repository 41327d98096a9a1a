// SPDX-License-Identifier: MIT
/** The cases of poller_cases.ts over the poller of this platform; NETPOLL_POLLER chooses another. */
import { platform } from "../../platforms/runtime.ts";
import { pollerCases } from "./poller_cases.ts";

const { pollerName, openPoller, sockets, errno, wakeDescriptor } = platform();

pollerCases({
  name: pollerName,
  open: openPoller,
  sockets,
  errno,
  wake: wakeDescriptor,
  want: () => {},
  skip: {},
});
