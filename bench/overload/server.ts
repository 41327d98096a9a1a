// SPDX-License-Identifier: MIT
// The server under load: a reactor with the options in its first argument, as JSON, or a single
// thread for the argument "plain". A connection to its second port receives the counters and is
// closed.
import process from "node:process";
import { type Conn, go, listen, type Listener, OpError, run } from "../../mod.ts";
import { type HandlerContext, limit, openReactor, type ReactorOptions } from "../../reactor.ts";
import { handle } from "./handler.ts";

const options = JSON.parse(process.argv[2]) as ReactorOptions;
const plain = process.argv[3] === "plain";
let deaths = 0;

function* serveHere(listener: Listener) {
  for (;;) go(serveOne, yield* listener.accept());
}

function* serveOne(conn: Conn) {
  using _ = conn;
  try {
    yield* handle(conn, { worker: 0 } as HandlerContext);
  } catch (error) {
    if (!(error instanceof OpError)) throw error;
  }
}

// Deno opens descriptors for signals some time after the start, and crashes if none is left
// (2.9.6). Open them here instead, before the flood.
process.on("SIGUSR2", () => {});

await run(function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const control = yield* listen("tcp", "127.0.0.1:0");
  let counters: () => unknown;
  if (plain) {
    const limited = limit(listener, options.limits ?? {});
    counters = () => limited.counters;
    go(serveHere, limited);
  } else {
    const handler = new URL("./handler.ts", import.meta.url);
    const onWorkerEnd = () => void deaths++;
    const restart = { delay: 20 };
    const reactor = yield* openReactor(handler, { ...options, restart, onWorkerEnd });
    counters = () => reactor.counters;
    go(() => reactor.serve(listener));
  }
  console.log(`listening on ${listener.addr}, control on ${control.addr}`);
  for (;;) {
    using conn = yield* control.accept();
    const text = JSON.stringify({ counters: counters(), deaths });
    yield* conn.write(new TextEncoder().encode(text));
  }
});
