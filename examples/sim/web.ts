// SPDX-License-Identifier: MIT
/**
 * The server of http.ts on a simulated network: slow links, short reads and writes, a partition, and a
 * client that loses power in the middle of an upload. Each answer that comes whole must be right, and
 * the server must have no connection left in the end.
 *
 *   bun examples/sim/web.ts
 */
import {
  BufferedReader,
  dial,
  listen,
  OpError,
  type Routine,
  serve,
  sleep,
  UnexpectedEOFError,
} from "../../mod.ts";
import { type SimOptions, simulate, type Simulation } from "../../sim.ts";
import { handle } from "../http/routes.ts";
import { serveHttp } from "../http/serve.ts";

const STORM_MS = 10_000;
const TIMEOUT_MS = 2000;
/** Longer than a connection to a dead host is kept. */
const SILENCE_MS = 20 * 60_000;

const OPTIONS: SimOptions = {
  faults: "mild",
  link: { latency: [1, 20], loss: 0.01, bandwidth: "10Mbit" },
};

const UPLOAD = "0123456789abcdef".repeat(4096);
/** Requests, and the bodies that answer them. */
const EXCHANGES = [
  { request: "GET / HTTP/1.1\r\nhost: x\r\n\r\n", answer: "Hello, World!\n" },
  { request: "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n", answer: "At last\n" },
  {
    request: "POST /upper HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nshout",
    answer: "SHOUT",
  },
  {
    request: "GET /count HTTP/1.1\r\nhost: x\r\n\r\n",
    answer: Array.from({ length: 1000 }, (_, i) => `${i}\n`).join(""),
  },
  {
    request: `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: ${UPLOAD.length}\r\n\r\n${UPLOAD}`,
    answer: UPLOAD,
  },
];

/** The connection has ended before the answer has. */
class Truncated extends Error {}

/** What a bad network does. */
const EXPECTED = [OpError, UnexpectedEOFError, Truncated];

/** Throws errors other than those of the network. */
function exceptNetwork(error: unknown): void {
  if (!EXPECTED.some((kind) => error instanceof kind)) throw error;
}

/** Program of the server. */
function* server(): Routine<void> {
  using listener = yield* listen("tcp", ":80");
  yield* serve(listener, (conn) => serveHttp(conn, handle), {
    onError: exceptNetwork,
  });
}

function* text(reader: BufferedReader, length: number): Routine<string> {
  if (length === 0) return "";
  const bytes = yield* reader.bytes(length);
  if (bytes === null) throw new Truncated();
  return new TextDecoder().decode(bytes);
}

/** Reads the head and the body of an answer. Returns the body. */
function* readAnswer(reader: BufferedReader): Routine<string> {
  const head: string[] = [];
  for (let line; (line = yield* reader.line()) !== "";) {
    if (line === null) throw new Truncated();
    head.push(line.toLowerCase());
  }
  const length = head.find((line) => line.startsWith("content-length: "))?.slice(16);
  if (length !== undefined) return yield* text(reader, Number(length));
  let body = "";
  for (;;) {
    const size = parseInt((yield* reader.line()) ?? "0", 16);
    body += yield* text(reader, size);
    yield* reader.line();
    if (size === 0) return body;
  }
}

/** Makes requests until `sim.now` is `until`, on a new connection after each failure. */
function* client(sim: Simulation, until: number): Routine<number> {
  const stream = sim.stream("client");
  let answers = 0;
  while (sim.now < until) {
    try {
      using conn = yield* dial("tcp", "server:80", { timeout: TIMEOUT_MS });
      const reader = new BufferedReader(conn);
      while (sim.now < until) {
        const { request, answer } = EXCHANGES[stream.choose(EXCHANGES.length)];
        conn.setDeadline(Date.now() + TIMEOUT_MS);
        yield* conn.write(request);
        const body = yield* readAnswer(reader);
        if (body !== answer) throw new RangeError(`a wrong answer of ${body.length} bytes`);
        answers++;
      }
    } catch (error) {
      exceptNetwork(error);
      yield* sleep(100);
    }
  }
  return answers;
}

/** The simulation. Returns the number of whole answers. */
export function* webUnderFaults(sim: Simulation): Routine<number> {
  const web = sim.host("server", { main: server });
  yield* sleep(1);
  const idle = web.descriptors;
  const steady = sim.host("steady");
  const counted = steady.go(client, sim, STORM_MS);
  const doomed = sim.host("doomed");
  doomed.go(client, sim, STORM_MS);
  yield* sleep(2000);
  const cut = sim.partition(steady, web);
  yield* sleep(sim.stream("nemesis").between(10, 5000));
  cut.heal();
  doomed.crash();
  const answers = yield* counted.join();
  yield* sleep(SILENCE_MS);
  if (web.descriptors !== idle) throw new Error(`${web.descriptors - idle} connections left`);
  return answers;
}

/** Runs it once. Handlers of the server use promises, so this is the form with promises. */
export async function run(seed: number): Promise<number> {
  return (await simulate({ ...OPTIONS, seed }, webUnderFaults)).value;
}

if (import.meta.main) {
  let answers = 0;
  for (let seed = 1; seed <= 20; seed++) answers += await run(seed);
  console.log(`20 storms: ${answers} answers, all right, no connection left`);
}
