// SPDX-License-Identifier: MIT
/** What is otherwise about the cases of poller_cases.ts where a poller reports completions. */
import { jsRuntime } from "../../platforms/shared/js_runtime.ts";
import { POLL_READ, POLL_WRITE } from "../../platforms/contract/platform.ts";
import type { SocketHandle } from "../../platforms/windows/iocp/socket_handle.ts";
import type { CompletionPoller } from "../../platforms/windows/iocp/poller.ts";
import type { WindowsSockets } from "../../platforms/windows/socket/sockets.ts";
import { WS2_32 } from "../../platforms/windows/abi/symbols.ts";
import { winsock } from "../../platforms/windows/abi/winsock.ts";
import type { PollerSystem } from "../support/poller_bench.ts";

/** Cases that cannot hold for completions, and why not. */
const SKIP: PollerSystem["skip"] = {
  "two: one descriptor in two pollers is reported by both":
    "a socket belongs to one completion port for life",
  "own: the poller itself can be polled while it has events":
    "a port can only be inspected by taking from it",
};

/**
 * ConnectEx and AcceptEx are operations of a socket that a port has; the sockets of the cases are
 * connected before, by the older calls, which wait. On a loopback there is nothing to wait for.
 */
export function completionSystem(
  sockets: WindowsSockets,
): Pick<PollerSystem, "connect" | "accept" | "want" | "skip"> {
  const { ws2, errno } = winsock();
  const { symbols } = jsRuntime().dlopen(WS2_32, {
    accept: { params: ["i32", "pointer", "pointer"], result: "i32" },
  });
  const known = (fd: number) => sockets.find(fd) as SocketHandle;
  const done = (result: number) => result !== -1 ? result : -errno();
  return {
    connect: (fd, address) => done(ws2.connect(fd, address, address.length)),
    accept: (fd) =>
      known(fd).port === null ? done(symbols.accept(fd, null, null)) : sockets.accept(fd),
    // What is there already is reported without an operation.
    want: (poller, fd, direction) => {
      if (sockets.ready(fd, direction) === 0) return;
      const mode = direction === "read" ? POLL_READ : POLL_WRITE;
      (poller as CompletionPoller).report(known(fd), mode);
    },
    skip: SKIP,
  };
}
