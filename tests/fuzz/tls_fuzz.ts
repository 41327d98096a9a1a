// SPDX-License-Identifier: MIT
/**
 * A TLS server among spoiled clients: bytes that are no TLS, first messages that are cut off or
 * changed, records that are changed, cut and delayed on their way, half-closes and resets at any
 * moment. What a client reads back is what it sent, up to an error; an honest client is served to
 * the end; and every goroutine of the server ends, by an error that a peer can cause.
 */
import { readFileSync } from "node:fs";
import {
  type Conn,
  dial,
  dump,
  go,
  pipe,
  readAll,
  type Routine,
  sleep,
  timerFunc,
  tlsClient,
  type TLSConn,
  tlsDial,
  tlsInfo,
  tlsListen,
  UnexpectedEOFError,
} from "../../mod.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { Random } from "./random.ts";
import { outcomeOf, Trial } from "./trial.ts";

/** Longest life of a trial: then it hangs. */
const HANGS_MS = 20_000;
/** Longer than a handshake on any busy machine: a timeout would look like lost bytes. */
const HANDSHAKE_MS = 15_000;
/** Timeout of a client over a line that corrupts bytes. */
const STALLS_MS = 300;
/** Pieces that a slow line carries before it is a fast one. */
const SMALL_PIECES = 300;
const LARGE_PIECE = 8000;

const read = (part: string) =>
  readFileSync(new URL(`../fixtures/tls/server.${part}.pem`, import.meta.url), "utf8");
const SERVER = { cert: read("cert"), key: read("key") };

type Engine = "openssl" | "host";

/** The first message of a client. */
function* clientHello(): Routine<Uint8Array> {
  const [ours, theirs] = pipe();
  const client = tlsClient(ours, { servername: "localhost", ca: SERVER.cert, engine: "openssl" });
  const buffer = new Uint8Array(10_000);
  const n = yield* theirs.read(buffer);
  client.abort();
  theirs.abort();
  return buffer.slice(0, n!);
}

/** One server and its clients. */
class Siege {
  readonly #trial: Trial;
  readonly #random: Random;
  readonly #address: string;
  readonly #hello: Uint8Array;
  /** Whether a client may end its side before the server: Bun's own engine answers nothing then. */
  readonly #halfCloses: boolean;

  constructor(trial: Trial, random: Random, address: string, hello: Uint8Array, engine: Engine) {
    this.#trial = trial;
    this.#random = random;
    this.#address = address;
    this.#hello = hello;
    this.#halfCloses = engine === "openssl" || "Deno" in globalThis;
  }

  /** Echoes. */
  *serve(conn: TLSConn): Routine<void> {
    using _ = conn;
    try {
      const buffer = new Uint8Array(1 + this.#random.below(3000));
      for (let n; (n = yield* conn.read(buffer)) !== null;) {
        yield* conn.write(buffer.subarray(0, n));
      }
    } catch (error) {
      this.#checkServersError(error);
    }
  }

  /** A client of some kind. */
  *client(): Routine<void> {
    const kind = this.#random.below(9);
    this.#trial.note(`client of kind ${kind}`);
    using conn = yield* dial("tcp", this.#address);
    try {
      if (kind < 5) yield* this.#raw(conn, kind);
      else yield* this.#talk(conn, kind);
    } catch (error) {
      const { code = "" } = error as { code?: string };
      const known = error instanceof UnexpectedEOFError || code.startsWith("ERR_SSL_") ||
        outcomeOf(error) !== "unknown";
      this.#trial.check(known, `a client of kind ${kind} ended: ${(error as Error).stack}`);
    }
  }

  /** A client that changes nothing is served to the end. */
  *honest(): Routine<void> {
    using conn = yield* tlsDial("tcp", this.#address, { ca: SERVER.cert, engine: "openssl" });
    yield* this.#exchange(conn, this.#payload(), true);
  }

  *#raw(conn: Conn, kind: number): Routine<void> {
    const random = this.#random;
    const hello = this.#hello;
    if (kind === 0) {
      yield* conn.write(
        Uint8Array.from({ length: 1 + random.below(300) }, () => random.below(256)),
      );
    } else if (kind === 1) yield* conn.write(hello.slice(0, random.below(hello.length)));
    else if (kind === 2) yield* conn.write(this.#spoiled(hello, 1 + random.below(5)));
    else if (kind === 3) {
      yield* conn.write(hello);
      yield* conn.read(new Uint8Array(1 + random.below(5000)));
      yield* conn.write(Uint8Array.of(23, 3, 3, 0, 20, ...new Uint8Array(20)));
    } else yield* conn.write("GET / HTTP/1.0\r\n\r\n");
    if (random.chance(0.3)) conn.abort();
    else if (random.chance(0.5)) conn.closeWrite();
    if (random.chance(0.5)) yield* sleep(random.next() * 20);
  }

  /** TLS over a line that may spoil what is sent. */
  *#talk(conn: Conn, kind: number): Routine<void> {
    const [near, far] = pipe();
    const spoils = kind === 5 || kind === 6;
    const out = go(() => this.#carry(far, conn, spoils));
    const back = go(() => this.#carry(conn, far, false));
    using client = tlsClient(near, { ca: SERVER.cert, servername: "localhost", engine: "openssl" });
    // A length that was changed has each side wait for the other.
    if (spoils) client.setDeadline(Date.now() + STALLS_MS);
    try {
      yield* this.#exchange(client, this.#payload(), !spoils);
    } catch (error) {
      if (!spoils) throw error;
    } finally {
      client.abort();
      conn.abort();
      yield* out.join();
      yield* back.join();
    }
  }

  /** Carries bytes in pieces; with `spoils` one of them is changed or left out, or it stops. */
  *#carry(from: Conn, to: Conn, spoils: boolean): Routine<void> {
    const random = this.#random;
    let buffer = new Uint8Array(random.chance(0.5) ? 1 + random.below(100) : LARGE_PIECE);
    const spoilt = spoils ? random.below(40) : -1;
    try {
      for (let n, i = 0; (n = yield* from.read(buffer)) !== null; i++) {
        let piece = buffer.slice(0, n);
        if (i === SMALL_PIECES) buffer = new Uint8Array(LARGE_PIECE);
        if (i === spoilt) {
          const how = random.below(3);
          if (how === 0) piece = this.#spoiled(piece, 1);
          else if (how === 1) piece = piece.subarray(1);
          else return to.abort();
        }
        yield* to.write(piece);
        if (i < SMALL_PIECES && random.chance(0.1)) yield* sleep(random.next() * 2);
      }
      to.closeWrite();
    } catch {
      // One of the two has ended.
    }
  }

  /** Sends `bytes` and checks the echo, all of it if `whole`. */
  *#exchange(conn: Conn, bytes: Uint8Array, whole: boolean): Routine<void> {
    const halfCloses = this.#halfCloses && this.#random.chance(0.5);
    const writing = go(function* (): Routine<unknown> {
      try {
        yield* conn.write(bytes);
        if (halfCloses) conn.closeWrite();
        return null;
      } catch (error) {
        return error;
      }
    });
    const back = new Uint8Array(bytes.length);
    let at = 0;
    try {
      while (at < back.length) {
        const n = yield* conn.read(back.subarray(at));
        if (n === null) break;
        at += n;
      }
      if (halfCloses && whole) {
        const rest = yield* readAll(conn);
        this.#trial.check(rest.length === 0, `${rest.length} bytes came behind the answer`);
      }
    } finally {
      const same = back.subarray(0, at).every((byte, i) => byte === bytes[i]);
      this.#trial.check(same, "what came back is not what was sent");
    }
    yield* writing.join();
    if (whole) this.#trial.check(at === bytes.length, `${at} of ${bytes.length} bytes came back`);
  }

  #payload(): Uint8Array {
    const random = this.#random;
    const length = 1 + random.below(random.chance(0.2) ? 100_000 : 2000);
    return new Uint8Array(length).map((_, i) => i * 31 >> 3);
  }

  #spoiled(bytes: Uint8Array, times: number): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(bytes);
    for (let i = 0; i < times; i++) {
      copy[this.#random.below(copy.length)] ^= 1 + this.#random.below(255);
    }
    return copy;
  }

  #checkServersError(error: unknown): void {
    const { code = "" } = error as { code?: string };
    const known = error instanceof UnexpectedEOFError || /^ERR_(SSL|TLS)_/.test(code) ||
      outcomeOf(error) !== "unknown" || (error as Error).name === "OpError";
    this.#trial.check(known, `the server's side ended: ${(error as Error).stack}`);
  }
}

/** Does what is drawn from `seed`; returns what was wrong, or null. Parks. */
export function* fuzzTLS(seed: number): Routine<Error | null> {
  const trial = new Trial("tls", seed);
  if (tlsInfo().engine !== "openssl") return null;
  const random = new Random(seed);
  // The host's engine needs the host's loop.
  const engine = !scheduler.blocking && random.chance(0.4) ? "host" : "openssl";
  trial.note(engine);
  const options = { ...SERVER, engine, handshakeTimeout: HANDSHAKE_MS } as const;
  const listener = yield* tlsListen("tcp", "127.0.0.1:0", options);
  const address = String(listener.addr);
  const siege = new Siege(trial, random, address, yield* clientHello(), engine);
  const serving: { join(): Routine<void> }[] = [];
  const accepting = go(function* () {
    try {
      for (;;) {
        const conn = yield* listener.accept();
        serving.push(go(() => siege.serve(conn)));
      }
    } catch {
      // The listener is closed.
    }
  });
  const watchdog = timerFunc(HANGS_MS, () => {
    trial.wrong(`it hangs\n${dump()}`);
    listener[Symbol.dispose]();
  });
  try {
    const clients = random.list(1 + random.below(8), () => go(() => siege.client()));
    for (const each of clients) yield* each.join();
    yield* siege.honest();
    listener[Symbol.dispose]();
    yield* accepting.join();
    for (const each of serving) yield* each.join();
  } catch (error) {
    trial.wrong(`a goroutine failed: ${(error as Error).stack}`);
  } finally {
    watchdog.stop();
    listener[Symbol.dispose]();
  }
  return trial.failure;
}
