// SPDX-License-Identifier: MIT
/** The resolver for dialed names, one per thread. Go: net.DefaultResolver. */
import { asError, DNSError } from "../net/errors.ts";
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
  resolver ??= create(host);
  return resolver.own(host, mode, network, early);
});

/** Creates the resolver. In the npm package its code is a file, which needs a descriptor to be read. */
function create(host: string): Resolver {
  try {
    return new Resolver();
  } catch (error) {
    const cause = asError(error);
    throw new DNSError(cause.message, host, (cause as { code?: string }).code, cause);
  }
}
