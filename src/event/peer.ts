// SPDX-License-Identifier: MIT
/** The other end of a connection in little memory: most of a server's connections are idle. */
import type { Endpoint, SocketCalls } from "../../platforms/types.ts";
import { endpointAddr, type InternetAddr } from "../net/addr.ts";
import { unmap } from "../net/ip.ts";
import type { StreamNet } from "./stream_net.ts";

const PORTS = 0x10000;

/** An IPv4 address and its port in one number; any other endpoint as it is; null if there is none. */
export type Peer = number | Endpoint | null;

/** Packs an endpoint. */
function packPeer(endpoint: Endpoint): Peer {
  const ip = unmap(endpoint.ip);
  if (ip.length !== 4) return endpoint;
  const bits = ((ip[0] << 24) | (ip[1] << 16) | (ip[2] << 8) | ip[3]) >>> 0;
  return bits * PORTS + endpoint.port;
}

/** The endpoint as an address. */
export function peerAddr(peer: number | Endpoint): InternetAddr {
  if (typeof peer !== "number") return endpointAddr("tcp", peer);
  const bits = Math.floor(peer / PORTS);
  const ip = Uint8Array.of(bits >>> 24, bits >>> 16, bits >>> 8, bits);
  return endpointAddr("tcp", { ip, port: peer % PORTS, scope: 0 });
}

/** The peer of the last accept. */
export function acceptedPeer(sockets: SocketCalls, net: StreamNet): Peer {
  return net.internet ? packPeer(sockets.decodeAddress(sockets.peer())) : null;
}

/** The peer of a connected socket. */
export function connectedPeer(sockets: SocketCalls, net: StreamNet, sysfd: number): Peer {
  const raw = net.internet ? sockets.remoteAddress(sysfd) : 0;
  return typeof raw === "number" ? null : packPeer(sockets.decodeAddress(raw));
}
