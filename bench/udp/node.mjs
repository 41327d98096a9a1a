// SPDX-License-Identifier: MIT
// UDP echo by node:dgram: `node node.mjs PORT`.
import { createSocket } from "node:dgram";
import process from "node:process";

const socket = createSocket("udp4");
socket.on("message", (bytes, { port, address }) => socket.send(bytes, port, address));
socket.bind(Number(process.argv[2]), "127.0.0.1", () => console.log("listening"));
