// SPDX-License-Identifier: MIT
/**
 * A TCP proxy: each client gets the next of the backends that answers, and its bytes are moved by the
 * kernel. Runs in an empty folder:
 *
 *   npm install @netpoll/netpoll
 *   BACKENDS=127.0.0.1:8000,127.0.0.1:8001 bun proxy.ts      # or: deno run -A proxy.ts
 *
 * From the environment: LISTEN (127.0.0.1:7013), BACKENDS, PROXY_PROTOCOL (1 or 2: the backends are
 * told the client's address), TRUSTED (addresses and networks of proxies that tell us theirs).
 * SIGINT or SIGTERM ends it in order.
 */
import {
  type Conn,
  dial,
  type DialOptions,
  listen,
  type ListenOptions,
  notify,
  OpError,
  type Routine,
  run,
  scope,
  serve,
  splice,
} from "@netpoll/netpoll";
import process from "node:process";

const { LISTEN = "127.0.0.1:7013", BACKENDS = "127.0.0.1:8000" } = process.env;
const { PROXY_PROTOCOL, TRUSTED } = process.env;

const DIAL_MS = 3_000;
const IDLE_MS = 10 * 60_000;
const GRACE_MS = 10_000;

/** A backend, and since when it is not to be tried because it did not answer. */
interface Backend {
  readonly address: string;
  downUntil: number;
}

const DOWN_MS = 5_000;
const backends: Backend[] = BACKENDS.split(",").map((address) => ({ address, downUntil: 0 }));
let next = 0;

/** All backends, the next in turn first, and last those that did not answer a moment ago. */
function inTurn(): Backend[] {
  next = (next + 1) % backends.length;
  const turn = [...backends.slice(next), ...backends.slice(0, next)];
  const down = (backend: Backend) => backend.downUntil > Date.now();
  return [...turn.filter((one) => !down(one)), ...turn.filter(down)];
}

/** Header that announces `client` to a backend. */
function dialOptions({ remoteAddr: source, localAddr: destination }: Conn): DialOptions {
  if (PROXY_PROTOCOL === undefined) return { timeout: DIAL_MS };
  const version = PROXY_PROTOCOL === "1" ? 1 : 2;
  return { timeout: DIAL_MS, proxyProtocol: { version, source, destination } };
}

/** Connects to the first backend that answers. Throws the error of the last if none does. */
function* connect(client: Conn): Routine<Conn> {
  const turn = inTurn();
  for (const [i, backend] of turn.entries()) {
    try {
      return yield* dial("tcp", backend.address, dialOptions(client));
    } catch (error) {
      if (!(error instanceof OpError)) throw error;
      backend.downUntil = Date.now() + DOWN_MS;
      if (i === turn.length - 1) throw error;
      console.error(`proxy: ${error.message}`);
    }
  }
  throw new Error("unreachable");
}

/** Moves bytes until `from` ends, and passes its end on. */
function* oneWay(from: Conn, to: Conn): Routine<void> {
  yield* splice(from, to);
  to.closeWrite();
}

function* proxy(client: Conn): Routine<void> {
  using backend = yield* connect(client);
  // An error of one direction ends the other, and then the connection.
  yield* scope(function* (s) {
    s.go(oneWay, client, backend);
    yield* oneWay(backend, client);
  });
}

function listenOptions(): ListenOptions {
  return TRUSTED === undefined ? {} : { proxyProtocol: { trusted: TRUSTED.split(",") } };
}

await run(function* main() {
  using listener = yield* listen("tcp", LISTEN, listenOptions());
  console.log(`listening on ${listener.addr}, for ${BACKENDS}`);
  const counts = yield* serve(listener, proxy, {
    context: notify("SIGINT", "SIGTERM").context,
    idleTimeout: IDLE_MS,
    grace: GRACE_MS,
    onError: (error, { remoteAddr }) => console.error(`proxy: ${remoteAddr}: ${error}`),
  });
  console.log(`${counts.accepted} connections, ${counts.failed} failed`);
});
