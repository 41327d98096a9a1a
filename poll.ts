// SPDX-License-Identifier: MIT
/**
 * The operating system's poller, for custom event loops: sockets, pipes, terminals, inotify, timerfd
 * and other pollers; edge-triggered, level-triggered or one-shot.
 *
 * @example The classic edge-triggered loop.
 * ```ts
 * import { AGAIN, openPoller, sys } from "@netpoll/netpoll/poll";
 *
 * const poller = openPoller();
 * const listener = sys.socket();
 * sys.bind(listener, "127.0.0.1:8080");
 * sys.listen(listener);
 * poller.add(listener, { read: true, trigger: "edge" });
 *
 * for (;;) {
 *   for (const { fd } of poller.wait()) {
 *     if (fd !== listener) continue; // read, write, close
 *     for (let conn; (conn = sys.accept(listener)) !== AGAIN;) {
 *       poller.add(conn, { read: true, trigger: "edge" });
 *     }
 *   }
 * }
 * ```
 *
 * @module
 */
export { PlatformError, type Trigger } from "./platforms/contract/platform.ts";
export type { Family, IntOption } from "./platforms/contract/platform.ts";
export type { Addr, InternetAddr, TCPAddr } from "./src/net/addr/addr.ts";
export { AddrError } from "./src/net/addr/errors.ts";
export { SyscallError } from "./src/fd/errors.ts";
export { wake, type WakerHandle } from "./src/fd/wake_words.ts";
export { PollerClosedError } from "./src/poll/errors.ts";
export type { PollEvent, PollEvents } from "./src/poll/events.ts";
export { type Interest, openPoller, type Poller } from "./src/poll/poller.ts";
export { AGAIN, type Sys, sys } from "./src/poll/sys.ts";
