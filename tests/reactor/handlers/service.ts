// SPDX-License-Identifier: MIT
/** A module with all exports of a reactor's: connections, datagrams, the beginning and the end. */
import type { Conn, Routine, UDPConn } from "../../../mod.ts";
import type { HandlerContext } from "../../../reactor.ts";

let began = 0;

/** What the tests pass as `data`. */
interface Data {
  readonly failInit?: number;
  readonly failEnd?: number;
  readonly endWaits?: boolean;
}

export function* init({ worker, data }: HandlerContext): Routine<void> {
  if ((data as Data | undefined)?.failInit === worker) throw new RangeError("init failed");
  began++;
}

export function* end({ worker, data, messages, post }: HandlerContext): Routine<void> {
  const { failEnd, endWaits = false } = (data ?? {}) as Data;
  if (failEnd === worker) throw new RangeError("end failed");
  if (endWaits) yield* messages.recv();
  yield* post("main", `end ${worker}`);
}

/** Answers orders: "began", "send TO TEXT", "receive". */
export function* handle(conn: Conn, context: HandlerContext): Routine<void> {
  const buf = new Uint8Array(256);
  for (let n; (n = yield* conn.read(buf)) !== null;) {
    const [order, to, text] = new TextDecoder().decode(buf.subarray(0, n)).split(" ");
    yield* conn.write(yield* answer(order, to, text, context));
  }
}

function* answer(
  order: string,
  to: string,
  text: string,
  { worker, messages, post }: HandlerContext,
): Routine<string> {
  if (order === "began") return `${worker} ${began}`;
  if (order === "receive") {
    const { from, value } = (yield* messages.recv())!;
    return `${from} ${JSON.stringify(value)}`;
  }
  try {
    yield* post(to === "main" ? to : Number(to), text === "function" ? () => {} : { text });
    return "sent";
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    return `${name} ${code} ${message}`;
  }
}

/** Answers each datagram with the number of the worker; "stop" ends the handler, "throw" the worker. */
export function* handlePackets(conn: UDPConn, { worker }: HandlerContext): Routine<void> {
  const buf = new Uint8Array(64);
  for (;;) {
    const { n, addr } = yield* conn.readFrom(buf);
    const said = new TextDecoder().decode(buf.subarray(0, n));
    if (said === "throw") throw new RangeError("of the handler of datagrams");
    if (said === "stop") return;
    yield* conn.writeTo(new TextEncoder().encode(`${worker} ${said}`), addr);
  }
}
