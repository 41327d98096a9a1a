// SPDX-License-Identifier: MIT
// Datagrams per second, sent and received in each way, on the current runtime. Its only line of
// output is JSON. Everything is in one process and one thread: this measures the cost of a datagram
// in the library and in the kernel, and no other process interferes.
import process from "node:process";
import { dial, listenPacket, PacketBatch, type Routine, runSync, type UDPConn } from "../../mod.ts";

/** Number of datagrams in a batch, and maximum number of segments. */
const BATCH = 64;
/** Number of queued datagrams when the clock starts; the socket's buffer holds more. */
const QUEUED = 64;
/** Maximum length that the kernel segments in one call. */
const LONGEST = 65_000;

const [seconds, warmup] = process.argv.slice(2).map(Number);
const sizes = [64, 1200];

/** Measured operation: processes some datagrams and returns their number. */
type Step = () => Routine<number>;

/** Datagrams per second; `prepare` is not counted. */
function* rate(step: Step, prepare?: () => Routine<unknown>): Routine<number> {
  let [count, spent] = [0, 0];
  for (const end of [warmup, seconds]) {
    [count, spent] = [0, 0];
    // Preparing may take longer than the measurement.
    const begun = performance.now();
    while (spent < end * 1000 && performance.now() - begun < end * 2000) {
      if (prepare !== undefined) yield* prepare();
      const start = performance.now();
      count += yield* step();
      spent += performance.now() - start;
    }
  }
  return count / spent * 1000;
}

function many(call: () => Routine<unknown>): Step {
  return function* () {
    for (let i = 0; i < BATCH; i++) yield* call();
    return BATCH;
  };
}

/** Sends to a socket that is never read: the kernel drops what does not fit. */
function* sent(size: number): Routine<Record<string, number>> {
  using sink = yield* listenPacket("udp4", "127.0.0.1:0");
  using open = yield* listenPacket("udp4", "127.0.0.1:0");
  using conn = yield* dial("udp4", String(sink.localAddr));
  const datagram = new Uint8Array(size);
  const batch = new PacketBatch(BATCH, size);
  for (let i = 0; i < BATCH; i++) batch.set(i, size);
  const segments = Math.min(BATCH, Math.floor(LONGEST / size));
  const long = new Uint8Array(segments * size);
  return {
    writeTo: yield* rate(many(() => open.writeTo(datagram, sink.localAddr))),
    write: yield* rate(many(() => conn.write(datagram))),
    writeBatch: yield* rate(() => conn.writeBatch(batch)),
    writeSegments: yield* rate(function* () {
      yield* conn.writeSegments(long, size);
      return segments;
    }),
  };
}

/** Receives datagrams from the socket's buffer. */
function* received(size: number): Routine<Record<string, number>> {
  using conn = yield* listenPacket("udp4", "127.0.0.1:0");
  using source = yield* dial("udp4", String(conn.localAddr));
  const batch = new PacketBatch(BATCH, size);
  for (let i = 0; i < BATCH; i++) batch.set(i, size);
  const fill = function* () {
    for (let i = 0; i < QUEUED; i += BATCH) yield* source.writeBatch(batch);
  };
  const buf = new Uint8Array(size);
  const each = (call: () => Routine<unknown>): Step =>
    function* () {
      for (let i = 0; i < QUEUED; i++) yield* call();
      return QUEUED;
    };
  const inbox = new PacketBatch(BATCH, size);
  const single = {
    readFrom: yield* rate(each(() => conn.readFrom(buf)), fill),
    read: yield* rate(each(() => conn.read(buf)), fill),
    readBatch: yield* rate(() => batches(conn, inbox, QUEUED), fill),
  };
  if (!conn.setReceiveOffload(true)) return single;
  const segments = Math.min(BATCH, Math.floor(LONGEST / size));
  const long = new Uint8Array(segments * size);
  const large = new PacketBatch(4, 65_536);
  const offloaded = yield* rate(
    () => offloads(conn, large, 2 * segments),
    function* () {
      for (let i = 0; i < 2; i++) yield* source.writeSegments(long, size);
    },
  );
  return { ...single, "readBatch, GRO": offloaded };
}

function* batches(conn: UDPConn, batch: PacketBatch, count: number): Routine<number> {
  let n = 0;
  while (n < count) n += yield* conn.readBatch(batch);
  return n;
}

function* offloads(conn: UDPConn, batch: PacketBatch, count: number): Routine<number> {
  let total = 0;
  while (total < count) {
    const n = yield* conn.readBatch(batch);
    for (let i = 0; i < n; i++) {
      const size = batch.segmentSize(i);
      total += size === 0 ? 1 : Math.ceil(batch.bytes(i).length / size);
    }
  }
  return total;
}

console.log(JSON.stringify(runSync(function* () {
  const results = [];
  for (const size of sizes) {
    results.push({ size, rates: { ...yield* sent(size), ...yield* received(size) } });
  }
  return results;
})));
