// SPDX-License-Identifier: MIT
/** The remote address in little memory: most of a server's connections are idle. */
import { unpackAddress } from "../../../platforms/shared/packed_address.ts";
import { platform } from "../../../platforms/platform.ts";
import type { Endpoint, SocketCalls } from "../../../platforms/contract/platform.ts";
import { endpointAddr, type InternetAddr } from "../../net/addr/addr.ts";
import type { StreamNet } from "./stream_net.ts";

/** An IPv4 address, packed; any other endpoint unchanged; null if there is none. */
export type Peer = number | Endpoint | null;

/** Returns the endpoint as an address. */
export function peerAddr(peer: number | Endpoint): InternetAddr {
  return endpointAddr("tcp", typeof peer === "number" ? unpackAddress(peer) : peer);
}

/** Returns the peer of the last accept. */
export function acceptedPeer(sockets: SocketCalls, net: StreamNet): Peer {
  if (!net.internet) return null;
  const packed = sockets.packedPeer();
  return packed >= 0 ? packed : platform().sockaddr.decode(sockets.peer());
}

/** Returns the peer of a connected socket. */
export function connectedPeer(sockets: SocketCalls, net: StreamNet, sysfd: number): Peer {
  const raw = net.internet ? sockets.remoteAddress(sysfd) : 0;
  return typeof raw === "number" ? null : platform().sockaddr.decode(raw);
}
