// SPDX-License-Identifier: MIT
/** One-call helper: serves a listener on all cores. */
import type { Listener } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import { openReactor } from "./reactor.ts";
import type { ReactorOptions } from "./options.ts";

/**
 * Serves `listener` on all cores: `go(handle, yield* listener.accept())` in a loop, but in workers.
 * Parks until the listener is closed and its connections have ended.
 *
 * @param listener a listener returned by `listen`
 * @param module the handler's module, see {@linkcode openReactor}
 * @param options see {@linkcode ReactorOptions}
 * @throws {TypeError} for an invalid option, naming it; the error of loading the module;
 * {@linkcode NoWorkersError} as {@linkcode Reactor.serve}
 * @example
 * ```ts
 * using listener = yield* listen("tcp", "127.0.0.1:7007");
 * yield* serve(listener, new URL("./echo_handler.ts", import.meta.url));
 * ```
 */
export function* serve(
  listener: Listener,
  module: URL | string,
  options: ReactorOptions = {},
): Routine<void> {
  using reactor = yield* openReactor(module, options);
  yield* reactor.serve(listener);
  yield* reactor.shutdown();
}
