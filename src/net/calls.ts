// SPDX-License-Identifier: MIT
/** What not every system has: a clear error where this one has not. */
import type { DescriptorCalls, PacketCalls, UnixCalls } from "../../platforms/packet_types.ts";
import { platform } from "../../platforms/runtime.ts";
import { PlatformError } from "../../platforms/types.ts";

/** Datagram sockets. Throws PlatformError. */
export function packetCalls(): PacketCalls {
  return platform().packets ?? lacking("UDP");
}

/** Unix sockets. Throws PlatformError. */
export function unixCalls(): UnixCalls {
  return platform().unix ?? lacking("Unix sockets");
}

/** Descriptors from elsewhere. Throws PlatformError. */
export function descriptorCalls(): DescriptorCalls {
  return platform().descriptors ?? lacking("descriptors from elsewhere");
}

function lacking(what: string): never {
  const { os } = platform();
  throw new PlatformError(`Cannot use ${what} as there is nothing for it on ${os} yet`, os);
}
