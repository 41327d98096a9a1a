// SPDX-License-Identifier: MIT
/** Opens the listening sockets of an event server. */
import { DESCRIPTOR } from "../net/socket/descriptor.ts";
import { listen } from "../net/listen.ts";
import { listenPacket } from "../net/listen_packet.ts";
import { isUDPNetwork } from "../net/resolve/resolve.ts";
import type { TCPListener } from "../net/tcp/tcp.ts";
import type { UnixStreamListener } from "../net/unix/unix_listener.ts";
import type { Routine } from "../sched/goroutine.ts";
import { type Accepting, EventAcceptor } from "./acceptor.ts";
import type { ServeAddress } from "./address.ts";
import type { ConnHost } from "./conn/conn_host.ts";
import { EventUDPSocket } from "./udp/udp_socket.ts";
import type { Listening } from "./conn/listening.ts";
import type { Loop } from "./conn/loop.ts";
import { streamNet } from "./conn/stream_net.ts";

/** Listens. Parks to look up a name. Throws as `listen` and `listenPacket` do. */
export function* listenOn<C>(
  { network, address, reusePort }: ServeAddress,
  server: Accepting & ConnHost<C>,
  loop: Loop,
  addrIndex: number,
): Routine<Listening> {
  if (isUDPNetwork(network)) {
    const socket = yield* listenPacket(network, address, { reusePort });
    return new EventUDPSocket<C>(server, loop, socket, network, addrIndex);
  }
  const { backlog } = server.settings;
  const options = network === "unix" ? { backlog } : { backlog, reusePort };
  const listener = yield* listen(network, address, options);
  const fd = (listener as TCPListener | UnixStreamListener)[DESCRIPTOR];
  return new EventAcceptor(server, loop, fd, streamNet(network), addrIndex);
}
