// SPDX-License-Identifier: MIT
/** Datagram sockets of a simulated host. */
import type { Messages, MulticastCalls, PacketCalls, SocketName } from "../contract/packets.ts";
import { EAFNOSUPPORT } from "./errno.ts";

/** See {@linkcode PacketCalls}. */
export class SimPackets implements PacketCalls {
  readonly sender: SocketName = { words: new Int32Array(32), at: 0, length: 0 };
  readonly multicast: MulticastCalls = {
    join: () => -EAFNOSUPPORT,
    leave: () => -EAFNOSUPPORT,
    setInterface: () => -EAFNOSUPPORT,
  };

  socket(): number {
    return -EAFNOSUPPORT;
  }

  setOption(): number {
    return -EAFNOSUPPORT;
  }

  receive(): number {
    return -EAFNOSUPPORT;
  }

  receiveFrom(): number {
    return -EAFNOSUPPORT;
  }

  send(): number {
    return -EAFNOSUPPORT;
  }

  sendTo(): number {
    return -EAFNOSUPPORT;
  }

  messages(): Messages {
    throw new Error("netpoll: sim: no messages");
  }
}
