// SPDX-License-Identifier: MIT
/** A name server that answers by script, in the goroutines of a test, by UDP and TCP on one port. */
import { Buffer } from "node:buffer";
import packet, { type Answer, type Question } from "dns-packet";
import {
  type Conn,
  go,
  listen,
  type Listener,
  listenPacket,
  OpError,
  type Routine,
  sleep,
  type UDPConn,
} from "../../mod.ts";

/** A query as it came. */
export interface Asked {
  readonly name: string;
  readonly type: string;
  readonly via: "udp" | "tcp";
  /** Whether it had an OPT record. */
  readonly edns: boolean;
  readonly flags: number;
}

/** A response; what is left out is as in an answer with no records. */
export interface Scripted {
  readonly rcode?: number;
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
  readonly additionals?: readonly Answer[];
  /** Flags instead of those of a recursive server. */
  readonly flags?: number;
  /** Whether the response has no question. */
  readonly noQuestion?: boolean;
  /** Sent instead of all that: what it returns for the query. */
  readonly raw?: (query: Uint8Array) => readonly Uint8Array[];
  /** Milliseconds to wait before. */
  readonly delay?: number;
}

/** Returns the response to a query; "silent" for none, "close" for the end of a TCP connection. */
export type Script = (asked: Asked) => Scripted | "silent" | "close";

/** A server that runs. */
export interface ScriptedServer extends Disposable {
  /** "127.0.0.1:PORT". */
  readonly address: string;
  /** All queries, in the order of their arrival. */
  readonly asked: Asked[];
}

/** Starts a server. It ends when it is disposed of, or with the run. */
export function* dnsServer(script: Script): Routine<ScriptedServer> {
  const [packets, listener] = yield* samePort();
  const asked: Asked[] = [];
  const answer = (query: Uint8Array, via: Asked["via"]) => respond(query, via, script, asked);
  go(() => untilClosed(serveDatagrams(packets, answer)));
  go(() => untilClosed(serveStreams(listener, answer)));
  return {
    address: String(packets.localAddr),
    asked,
    [Symbol.dispose]: () => {
      packets[Symbol.dispose]();
      listener[Symbol.dispose]();
    },
  };
}

/** A port that is free for both. */
function* samePort(): Routine<[UDPConn, Listener]> {
  for (let tries = 0;; tries++) {
    const packets = yield* listenPacket("udp", "127.0.0.1:0");
    try {
      return [packets, yield* listen("tcp", String(packets.localAddr))];
    } catch (error) {
      packets.close();
      if (tries === 20 || !(error instanceof OpError)) throw error;
    }
  }
}

function* untilClosed(server: Routine<void>): Routine<void> {
  try {
    yield* server;
  } catch (error) {
    if (!(error instanceof OpError)) throw error;
  }
}

type Responder = (query: Uint8Array, via: Asked["via"]) => Routine<readonly Uint8Array[] | "close">;

function* serveDatagrams(conn: UDPConn, responder: Responder): Routine<void> {
  const buffer = new Uint8Array(4096);
  for (;;) {
    const { n, addr } = yield* conn.readFrom(buffer);
    const query = buffer.slice(0, n);
    go(() =>
      untilClosed(function* (): Routine<void> {
        const responses = yield* responder(query, "udp");
        if (responses === "close") return;
        for (const each of responses) yield* conn.writeTo(each, addr);
      }())
    );
  }
}

function* serveStreams(listener: Listener, responder: Responder): Routine<void> {
  for (;;) {
    const conn = yield* listener.accept();
    go(() => untilClosed(serveStream(conn, responder)));
  }
}

function* serveStream(conn: Conn, responder: Responder): Routine<void> {
  using _closed = conn;
  const head = new Uint8Array(2);
  while ((yield* conn.readFull(head)) !== null) {
    const query = new Uint8Array(head[0] << 8 | head[1]);
    yield* conn.readFull(query);
    const responses = yield* responder(query, "tcp");
    if (responses === "close") return;
    for (const each of responses) {
      yield* conn.write(Uint8Array.of(each.length >> 8, each.length & 0xff, ...each));
    }
  }
}

function* respond(
  query: Uint8Array,
  via: Asked["via"],
  script: Script,
  asked: Asked[],
): Routine<readonly Uint8Array[] | "close"> {
  const decoded = packet.decode(Buffer.from(query));
  const [question] = decoded.questions as Question[];
  const one: Asked = {
    name: question.name.toLowerCase(),
    type: question.type,
    via,
    edns: (decoded.additionals ?? []).some(({ type }) => type === "OPT"),
    flags: decoded.flags ?? 0,
  };
  asked.push(one);
  const scripted = script(one);
  if (scripted === "silent") return [];
  if (scripted === "close") return "close";
  if (scripted.delay !== undefined) yield* sleep(scripted.delay);
  return scripted.raw?.(query) ?? [encode(decoded.id ?? 0, question, scripted)];
}

/** Encodes a response. */
export function encode(id: number, question: Question, scripted: Scripted): Uint8Array {
  const { RECURSION_AVAILABLE, RECURSION_DESIRED } = packet;
  return Uint8Array.from(packet.encode({
    type: "response",
    id,
    flags: (scripted.flags ?? (RECURSION_AVAILABLE | RECURSION_DESIRED)) | (scripted.rcode ?? 0),
    questions: scripted.noQuestion ? [] : [question],
    answers: [...scripted.answers ?? []],
    authorities: [...scripted.authorities ?? []],
    additionals: [...scripted.additionals ?? []],
  }));
}

/** Records of addresses. */
export function addresses(name: string, ...ips: readonly string[]): Answer[] {
  return ips.map((data) => ({ type: data.includes(":") ? "AAAA" : "A", name, ttl: 60, data }));
}

/** A record of an alias. */
export function alias(name: string, target: string, ttl = 60): Answer {
  return { type: "CNAME", name, ttl, data: target };
}

/** A record that says for how long nothing else is there. */
export function authority(zone: string, ttl = 30): Answer {
  const data = {
    mname: `ns.${zone}`,
    rname: `admin.${zone}`,
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: ttl,
  };
  return { type: "SOA", name: zone, ttl, data };
}

/** Answers from a table by name; names that are not in it do not exist. */
export function zone(table: Readonly<Record<string, readonly Answer[]>>): Script {
  return ({ name, type }) => {
    const records = table[name];
    if (records === undefined) return { rcode: 3, authorities: [authority("test")] };
    const answers = records.filter((each) => each.type === type || each.type === "CNAME");
    return answers.length > 0 ? { answers } : { authorities: [authority("test")] };
  };
}
