// SPDX-License-Identifier: MIT
// UDP echo by Bun's own socket: `bun bun.ts PORT`.
await Bun.udpSocket({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  socket: {
    data(socket, bytes, port, address) {
      socket.send(bytes, port, address);
    },
    // A client that is gone; without this handler, the error would end the process.
    error() {},
  },
});
console.log("listening");
