// SPDX-License-Identifier: MIT
/** Datagrams are assumed to arrive once and in order. */
import assert from "node:assert/strict";
import { dial, listenPacket, OpError, type Routine, sleep } from "../../../mod.ts";
import type { Simulation } from "../../../sim.ts";
import type { Bug } from "./bug.ts";

const PIECES = 10;

/** Appends the datagrams that arrive. */
class Appender {
  readonly pieces: number[] = [];
  add(piece: number): void {
    this.pieces.push(piece);
  }
}

/** Puts each piece in its place. */
class Assembler extends Appender {
  override add(piece: number): void {
    this.pieces[piece] = piece;
  }
}

/** Sends each piece until it is acknowledged. */
function* send(address: string): Routine<void> {
  using conn = yield* dial("udp", address);
  const ack = new Uint8Array(1);
  for (let piece = 0; piece < PIECES;) {
    yield* conn.write(Uint8Array.of(piece));
    conn.setReadDeadline(Date.now() + 30);
    try {
      yield* conn.read(ack);
      if (ack[0] === piece) piece++;
    } catch (error) {
      if (!(error instanceof OpError && error.timeout)) throw error;
    }
  }
}

function transfer(Receiver: new () => Appender) {
  return function* (sim: Simulation): Routine<void> {
    const received = new Receiver();
    sim.host("server", {
      *main() {
        using conn = yield* listenPacket("udp", ":7");
        const buf = new Uint8Array(1);
        for (;;) {
          const { addr } = yield* conn.readFrom(buf);
          received.add(buf[0]);
          yield* conn.writeTo(buf, addr);
        }
      },
    });
    yield* sleep(1);
    yield* send("server:7");
    const sent = Array.from({ length: PIECES }, (_, i) => i);
    assert.deepEqual(received.pieces, sent, "the file is another");
  };
}

/** See the top of this file. */
export const datagrams: Bug = {
  name: "datagrams assumed to come once and in order",
  failure: /the file is another/,
  options: { link: { latency: [1, 5], loss: 0.02, duplicate: 0.02, reorder: 0.02 } },
  broken: transfer(Appender),
  mended: transfer(Assembler),
};
