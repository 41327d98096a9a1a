// SPDX-License-Identifier: MIT
/** The resolver for dialed names, one per thread. Go: net.DefaultResolver. */
import { registerOwnLookup } from "../net/resolve/lookup.ts";
import { registerState } from "../sched/thread_state.ts";
import { Resolver } from "./resolver.ts";

/** Created at the first lookup. */
let resolver: Resolver | null = null;

registerState<Resolver | null>("resolver", {
  fresh: () => null,
  save: () => resolver,
  restore: (state) => resolver = state,
});

registerOwnLookup((host, mode, network, early) => {
  resolver ??= new Resolver();
  return resolver.own(host, mode, network, early);
});
