// SPDX-License-Identifier: MIT
/** One-call helper: serves a listener on all cores. */
import type { Listener } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import { type Cancel, contextOf } from "../context/cancellable.ts";
import { onCancel } from "../context/abort_signal.ts";
import { needObject, wrongArgument } from "../validate/argument.ts";
import { openReactor, type ShutdownReport } from "./reactor.ts";
import type { ReactorOptions } from "./options.ts";
import { alwaysNoted } from "../sched/calls.ts";

/** Options of {@linkcode serve}. */
export interface ServeOptions extends ReactorOptions {
  /**
   * Milliseconds that connections under way have once the listener is closed; no limit by default.
   * Those still open then are cut, as by {@linkcode Reactor.shutdown} at its deadline.
   */
  grace?: number;
  /** Context or AbortSignal that shuts the server down gracefully: it closes the listener. */
  context?: Cancel;
}

/**
 * Serves `listener` on all cores: a goroutine per connection, but in workers. Parks until the
 * listener is closed, by `context` or otherwise, and its connections have ended, or `grace` has
 * passed. Closing the listener cancels the `draining` of every handler's context. `serve` of the
 * main module does the same on one thread, and `serve` of `./event` with callbacks.
 *
 * @param listener a listener returned by `listen`
 * @param module the handler's module, see {@linkcode openReactor}
 * @param options see {@linkcode ServeOptions}
 * @returns how many connections were cut at the end of `grace`
 * @throws {TypeError} for an invalid option, naming it; the error of loading the module;
 * {@linkcode NoWorkersError} as {@linkcode Reactor.serve}
 * @example
 * ```ts
 * using listener = yield* listen("tcp", "127.0.0.1:7007");
 * yield* serve(listener, new URL("./echo_handler.ts", import.meta.url));
 * ```
 */
export function serve(
  listener: Listener,
  module: URL | string,
  options: ServeOptions = {},
): Routine<ShutdownReport> {
  return alwaysNoted("serve", serving(listener, module, options));
}

function* serving(
  listener: Listener,
  module: URL | string,
  options: ServeOptions,
): Routine<ShutdownReport> {
  needObject("serve", "its options", options);
  const { context, grace = Infinity, ...rest } = options;
  const ctx = context === undefined ? null : contextOf(context);
  if (!(typeof grace === "number" && grace >= 0)) {
    throw wrongArgument("serve", "grace", "a number of milliseconds, 0 or more", grace);
  }
  using reactor = yield* openReactor(module, rest);
  const close = () => listener[Symbol.dispose]();
  const forget = ctx === null ? null : onCancel(ctx, close);
  try {
    if (ctx !== null && ctx.err !== null) close();
    yield* reactor.serve(listener);
  } finally {
    forget?.();
  }
  return yield* reactor.shutdown({ deadline: grace });
}
