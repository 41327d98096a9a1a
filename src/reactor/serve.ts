// SPDX-License-Identifier: MIT
/** The one line that serves over all cores. */
import type { Listener } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import { openReactor } from "./reactor.ts";
import type { ReactorOptions } from "./options.ts";

/**
 * Serves `listener` over all cores: `go(handle, yield* listener.accept())` in a loop, but in workers.
 * Parks until the listener is closed, and its connections are done.
 *
 * @param listener as `listen` gives it
 * @param module the handler's module, see {@linkcode openReactor}
 * @param options see {@linkcode ReactorOptions}
 * @throws {TypeError} when an option is wrong, naming it; what loading the module throws;
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
