// SPDX-License-Identifier: MIT
/** Opens what an event server listens with. */
import type { Addr } from "../net/addr.ts";
import { INSIDE } from "../net/inside.ts";
import { listen } from "../net/listen.ts";
import type { TCPNetwork } from "../net/resolve.ts";
import type { TCPListener } from "../net/tcp_listener.ts";
import type { Routine } from "../sched/goroutine.ts";
import { type Accepting, Acceptor } from "./acceptor.ts";
import type { ServeAddress } from "./address.ts";
import type { Loop } from "./loop.ts";
import type { Settings } from "./settings.ts";
import { streamNet } from "./stream_net.ts";

/** One address of a server. */
export interface Listening {
  readonly addr: Addr;
  pause(): void;
  resume(): void;
  close(): void;
}

/** Listens. Parks to look up a name. Throws as `listen` does. */
export function* listenOn(
  { network, address, reusePort }: ServeAddress,
  { backlog }: Settings,
  server: Accepting,
  loop: Loop,
  addrIndex: number,
): Routine<Listening> {
  const listener =
    (yield* listen(network as TCPNetwork, address, { reusePort, backlog })) as TCPListener;
  return new Acceptor(server, loop, listener[INSIDE](), streamNet(network), addrIndex);
}
