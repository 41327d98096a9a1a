// SPDX-License-Identifier: MIT
/** One-call helper: serves a listener on all cores. */
import type { Listener } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import { openReactor } from "./reactor.ts";
import { needObject, wrongArgument } from "../validate/argument.ts";
import type { ReactorOptions } from "./options.ts";

/** Options of {@linkcode serve}. */
export interface ServeOptions extends ReactorOptions {
  /**
   * Milliseconds that connections under way have once the listener is closed; no limit by default.
   * Those still open then are cut, as by {@linkcode Reactor.shutdown} at its deadline.
   */
  grace?: number;
}

/**
 * Serves `listener` on all cores: `go(handle, yield* listener.accept())` in a loop, but in workers.
 * Parks until the listener is closed and its connections have ended, or `grace` has passed. Closing
 * the listener cancels the `draining` of every handler's context.
 *
 * @param listener a listener returned by `listen`
 * @param module the handler's module, see {@linkcode openReactor}
 * @param options see {@linkcode ServeOptions}
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
  options: ServeOptions = {},
): Routine<void> {
  needObject("serve", "its options", options);
  const { grace = Infinity, ...rest } = options;
  if (!(typeof grace === "number" && grace >= 0)) {
    throw wrongArgument("serve", "grace", "milliseconds, 0 or more", grace);
  }
  using reactor = yield* openReactor(module, rest);
  yield* reactor.serve(listener);
  yield* reactor.shutdown({ deadline: grace });
}
