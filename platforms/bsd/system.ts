// SPDX-License-Identifier: MIT
/** Constants and layouts of macOS or FreeBSD, so that both share one implementation. */
import type { ErrnoNumbers, ErrnoText, IntOption, LibraryNames } from "../contract/platform.ts";
import type { PacketOption } from "../contract/packets.ts";
import type { SockaddrCodec } from "../shared/sockaddr.ts";
import type { KeventLayout } from "./kevent.ts";
import type { MessageLayout } from "./structs.ts";

/** Level and number of each supported option of datagram sockets. */
export type PacketOptions = Readonly<
  Partial<Record<PacketOption, readonly [level: number, name: number]>>
>;

/** Numbers of <sys/socket.h>, <fcntl.h> and <sys/filio.h>, by their C names. */
export interface BsdConstants {
  readonly AF_INET6: number;
  readonly O_CLOEXEC: number;
  /** Level and number of SO_LINGER in seconds: macOS counts its SO_LINGER in ticks. */
  readonly LINGER_SECONDS: number;
  readonly SO_NOSIGPIPE: number;
  /** Flag of `send` that suppresses SIGPIPE; 0 if only a socket option does. */
  readonly MSG_NOSIGNAL: number;
  /** Flags of a socket's type, or 0 if the system has none. */
  readonly SOCK_NONBLOCK: number;
  readonly SOCK_CLOEXEC: number;
  readonly EPROTOTYPE: number;
  readonly ECONNREFUSED: number;
}

/** Source of the number of unacknowledged bytes: a socket option, or an ioctl(2) request. */
export type Outstanding = { readonly option: number } | { readonly request: number };

/**
 * Source of the process ID of a Unix socket's peer: an option of SOL_LOCAL, or an offset in `struct
 * xucred`.
 */
export type PeerPid = { readonly option: number } | { readonly offset: number };

/** See the top of this file. */
export interface BsdSystem {
  readonly os: "darwin" | "freebsd";
  readonly library: LibraryNames;
  readonly constants: BsdConstants;
  readonly sockaddr: SockaddrCodec;
  /** Level and number of each supported option. */
  readonly options: Readonly<Partial<Record<IntOption, readonly [level: number, name: number]>>>;
  readonly outstanding: Outstanding;
  readonly peerPid: PeerPid;
  readonly packetOptions: PacketOptions;
  readonly message: MessageLayout;
  readonly kevent: KeventLayout;
  readonly errno: ErrnoNumbers;
  readonly errnoText: (errno: number) => ErrnoText;
}
