// SPDX-License-Identifier: MIT
// Bun's own API: callbacks of Bun.listen. Data that a write did not accept is kept until `drain`,
// and the socket is not read in the meantime, so a peer that does not read cannot exhaust memory.
import type { Socket } from "bun";

interface State {
  /** Unsent data, oldest first. */
  unsent: Uint8Array[];
  /** The peer has sent its FIN; ours follows the last unsent byte. */
  ended: boolean;
}

function send(socket: Socket<State>, bytes: Uint8Array): void {
  const { unsent } = socket.data;
  if (unsent.length > 0) {
    unsent.push(bytes.slice());
    return;
  }
  const sent = Math.max(0, socket.write(bytes));
  if (sent === bytes.length) return;
  // Copy: Bun may reuse the memory of a chunk after the callback.
  unsent.push(bytes.slice(sent));
  socket.pause();
}

function sendKept(socket: Socket<State>): void {
  const { unsent } = socket.data;
  while (unsent.length > 0) {
    const sent = Math.max(0, socket.write(unsent[0]));
    if (sent < unsent[0].length) {
      unsent[0] = unsent[0].subarray(sent);
      return;
    }
    unsent.shift();
  }
  if (socket.data.ended) socket.end();
  else socket.resume();
}

const server = Bun.listen<State>({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT ?? 0),
  allowHalfOpen: true,
  socket: {
    open(socket) {
      socket.data = { unsent: [], ended: false };
    },
    data: send,
    drain: sendKept,
    end(socket) {
      socket.data.ended = true;
      if (socket.data.unsent.length === 0) socket.end();
    },
    // An error ends only its own connection.
    error() {},
  },
});
console.log(`listening on 127.0.0.1:${server.port} (Bun ${Bun.version}, Bun.listen)`);
