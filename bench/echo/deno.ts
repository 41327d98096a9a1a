// SPDX-License-Identifier: MIT
// Deno's own API: Deno.listen and one async loop per connection.

/** The part of Deno used here: the repository is checked with Bun's types. */
declare const Deno: {
  env: { get(name: string): string | undefined };
  version: { deno: string };
  listen(options: { hostname: string; port: number }): AsyncIterable<Conn> & {
    addr: { port: number };
  };
};

interface Conn {
  read(into: Uint8Array): Promise<number | null>;
  write(from: Uint8Array): Promise<number>;
  setNoDelay(on?: boolean): void;
  close(): void;
}

const size = Number(Deno.env.get("BUFFER") ?? 4096);

async function echo(conn: Conn): Promise<void> {
  const buf = new Uint8Array(size);
  try {
    // The default of the other servers.
    conn.setNoDelay(true);
    for (let n; (n = await conn.read(buf)) !== null;) {
      // A write may accept only a part.
      for (let at = 0; at < n;) at += await conn.write(buf.subarray(at, n));
    }
  } catch {
    // An error ends only its own connection.
  } finally {
    conn.close();
  }
}

const listener = Deno.listen({
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT") ?? 0),
});
console.log(
  `listening on 127.0.0.1:${listener.addr.port} (Deno ${Deno.version.deno}, Deno.listen)`,
);
for await (const conn of listener) echo(conn);
