// SPDX-License-Identifier: MIT
// UDP echo by Deno's own socket, which is unstable: `deno run --unstable-net deno.ts PORT`.

/** The part of Deno used here: the repository is checked with Bun's types. */
declare const Deno: {
  args: string[];
  listenDatagram(options: { transport: "udp"; hostname: string; port: number }): {
    receive(buffer: Uint8Array): Promise<[bytes: Uint8Array, from: unknown]>;
    send(bytes: Uint8Array, to: unknown): Promise<number>;
  };
};

const conn = Deno.listenDatagram({
  transport: "udp",
  hostname: "127.0.0.1",
  port: Number(Deno.args[0]),
});
console.log("listening");
const buffer = new Uint8Array(65536);
for (;;) {
  const [bytes, from] = await conn.receive(buffer);
  await conn.send(bytes, from);
}
