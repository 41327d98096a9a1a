// SPDX-License-Identifier: MIT
/**
 * TLS connections over pipes that end at random points: during the handshake, within a record, by a
 * deadline, a cancelled context, the end of their run. Afterwards no object of OpenSSL is left.
 */
import {
  background,
  type Conn,
  go,
  gosched,
  pipe,
  type Routine,
  run,
  tlsClient,
  type TLSConn,
  tlsServer,
  withCancel,
} from "../../mod.ts";
import { live } from "../../src/tls/openssl/live.ts";
import { certificate } from "../fixtures/tls/certificates.ts";
import type { Random } from "./random.ts";

const SERVER = certificate("server");
const CLIENT = { ca: SERVER.cert, servername: "localhost", engine: "openssl" } as const;
/** Connections of one run of goroutines. */
const BATCH = 500;
/** Sets of options, more than contexts are kept, and of how many connections each is one. */
const OPTIONS = 40;
const OPTIONS_CHANGE = 0.05;
/** First bytes of a record whose rest never arrives. */
const PART_OF_A_RECORD = Uint8Array.of(23, 3, 3, 1, 0, 9, 9, 9);

/** Ends of a connection, by either side. */
const ENDS: readonly ((conn: TLSConn, below: Conn) => void)[] = [
  (conn) => conn.close(),
  (conn) => conn.abort(),
  (conn) => conn.closeWrite(),
  (conn) => conn.closeRead(),
  (conn) => conn.setDeadline(Date.now() - 1),
  (_, below) => below.close(),
  (_, below) => below.abort(),
  // The run ends it.
  () => {},
];

/** Ignores the errors of a side whose peer has ended. */
function* quietly(body: Routine<void>): Routine<void> {
  try {
    yield* body;
  } catch {
    // Expected.
  }
}

/** Reads and writes until an error or the end. */
function* talk(conn: TLSConn, pieces: number, size: number): Routine<void> {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < pieces; i++) {
    yield* conn.write(bytes);
    if ((yield* conn.read(bytes)) === null) return;
  }
}

/** One connection: two sides talk, and a third goroutine ends it at some moment. */
function* death(random: Random): Routine<void> {
  const [a, b] = pipe();
  const changed = random.chance(OPTIONS_CHANGE)
    ? { ALPNProtocols: [`p${random.below(OPTIONS)}`] }
    : {};
  const client = tlsClient(a, { ...CLIENT, ...changed });
  const server = tlsServer(b, { ...SERVER, engine: "openssl", ...changed });
  const [pieces, size] = [random.below(4), 1 + random.below(40_000)];
  const [ctx, cancel] = withCancel(background());
  go(() => quietly(talk(client, pieces, size)));
  go(() => quietly(talk(server, pieces, size)));
  go(() => quietly(client.handshake(ctx)));
  // About as many turns as handshake and talk take.
  for (let turns = random.below(60); turns > 0; turns--) yield* gosched();
  if (random.chance(0.1)) go(() => quietly(within(random.chance(0.5) ? a : b)));
  if (random.chance(0.2)) cancel();
  const first = random.chance(0.5);
  const [conn, below] = first ? [client, a] : [server, b];
  ENDS[random.below(ENDS.length)](conn, below);
  if (random.chance(0.5)) ENDS[random.below(ENDS.length)](first ? server : client, first ? b : a);
}

/** Sends the beginning of a record, behind which nothing more can be understood. */
function* within(below: Conn): Routine<void> {
  yield* below.write(PART_OF_A_RECORD);
}

/** Runs `count` connections to their deaths, and returns the objects of OpenSSL that are left. */
export async function tlsDeaths(count: number, random: Random): Promise<typeof live> {
  for (let left = count; left > 0; left -= BATCH) {
    await run(function* () {
      const all = Array.from({ length: Math.min(BATCH, left) }, () => go(death, random));
      for (const each of all) yield* each.join();
    });
  }
  return { ...live };
}
