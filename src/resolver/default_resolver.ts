// SPDX-License-Identifier: MIT
/** The resolver of names that are dialled, one a thread. Go: net.DefaultResolver. */
import { registerOwnLookup } from "../net/resolve/lookup.ts";
import { registerState } from "../sched/thread_state.ts";
import { Resolver } from "./resolver.ts";

/** Made at the first name. */
let resolver: Resolver | null = null;

registerState<Resolver | null>("resolver", {
  fresh: () => null,
  save: () => resolver,
  restore: (state) => resolver = state,
});

registerOwnLookup((host, mode, network) => {
  resolver ??= new Resolver();
  return resolver.own(host, mode, network);
});
