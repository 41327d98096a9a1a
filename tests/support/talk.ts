// SPDX-License-Identifier: MIT
/** A conversation with a server, word by word, by `node:net`. */
import assert from "node:assert/strict";
import { connectTo, receive } from "./echo_clients.ts";

/** Sends `said`, whole or in pieces, and compares the reply with `expected`, byte by byte. */
export async function talk(port: number, said: string | string[], expected: string): Promise<void> {
  const socket = await connectTo(port);
  try {
    await say(socket, said);
    const answer = await receive(socket, expected.length);
    assert.equal(answer.subarray(0, expected.length).toString("latin1"), expected);
  } finally {
    socket.destroy();
  }
}

/** Sends `said`. Returns the reply until the server closes the connection. */
export async function talkToTheEnd(port: number, said: string | string[]): Promise<string> {
  const socket = await connectTo(port);
  try {
    await say(socket, said);
    return (await receive(socket)).toString("latin1");
  } finally {
    socket.destroy();
  }
}

/** Pieces go out one by one; what the server makes of that is up to it. */
async function say(socket: Awaited<ReturnType<typeof connectTo>>, said: string | string[]) {
  for (const part of typeof said === "string" ? [said] : said) {
    await new Promise((resolve) => socket.write(part, "latin1", resolve));
    if (typeof said !== "string") await new Promise((resolve) => setImmediate(resolve));
  }
}
