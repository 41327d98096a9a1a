// SPDX-License-Identifier: MIT
// Both ends of an echo in one process, over bare system calls: a port, an operation per end, and a
// callback for the next step. The library's overhead is the difference to netpoll.ts, which has the
// same arguments and output.
import process from "node:process";
import { winsock } from "../../platforms/windows/abi/winsock.ts";
import * as C from "../../platforms/windows/abi/constants.ts";
import { OVERLAPPED, OVERLAPPED_ENTRY, WSABUF } from "../../platforms/windows/abi/structs.ts";

const BYTES = 64;
const ENTRIES = 64;
const [connections, trips, warmUp] = process.argv.slice(3).map(Number);
const { ws2, kernel, nt, errno, addressOf } = winsock();

const handle = new Int32Array(new ArrayBuffer(8));
nt.NtCreateIoCompletion(handle, C.IO_COMPLETION_ALL_ACCESS, null, 1);
const [port] = handle;
/** Ends whose operation completed at once, which queues no packet. */
const over: End[] = [];
/** Ends by the key of their packets. */
const ends: End[] = [];

/** One end of a connection, with its pending operation. */
class End {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly #socket: number;
  readonly #overlapped: Int32Array;
  readonly #buffer: Int32Array;
  readonly #flags: Int32Array;
  #next: (bytes: number) => void = () => {};

  constructor(socket: number) {
    this.#socket = socket;
    const memory = new ArrayBuffer(1024);
    this.#overlapped = new Int32Array(memory, 0, OVERLAPPED.words);
    this.#buffer = new Int32Array(memory, 32, WSABUF.words);
    this.#flags = new Int32Array(memory, 48, 1);
    this.data = new Uint8Array(memory, 256, 512);
    const address = addressOf(this.data);
    this.#buffer[WSABUF.pointer] = address % 2 ** 32;
    this.#buffer[WSABUF.pointer + 1] = Math.floor(address / 2 ** 32);
    kernel.CreateIoCompletionPort(socket, port, ends.length, 0);
    kernel.SetFileCompletionNotificationModes(socket, C.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
    ends.push(this);
  }

  receive(length: number, next: (bytes: number) => void): void {
    this.#prepare(length, next);
    const flags = this.#flags;
    flags[0] = 0;
    this.#begun(ws2.WSARecv(this.#socket, this.#buffer, 1, null, flags, this.#overlapped, null));
  }

  send(length: number, next: (bytes: number) => void): void {
    this.#prepare(length, next);
    this.#begun(ws2.WSASend(this.#socket, this.#buffer, 1, null, 0, this.#overlapped, null));
  }

  complete(): void {
    if (this.#overlapped[OVERLAPPED.status] !== 0) throw new Error("an operation failed");
    this.#next(this.#overlapped[OVERLAPPED.bytes]);
  }

  #prepare(length: number, next: (bytes: number) => void): void {
    this.#overlapped.fill(0);
    this.#buffer[WSABUF.length] = length;
    this.#next = next;
  }

  #begun(result: number): void {
    if (result === 0) over.push(this);
    else if (errno() !== C.WSA_IO_PENDING) throw new Error(`a call failed: ${errno()}`);
  }
}

function open(): number {
  return ws2.WSASocketW(C.AF_INET, C.SOCK_STREAM, C.IPPROTO_TCP, null, 0, C.WSA_FLAG_OVERLAPPED);
}

let answered = 0;
let start = 0;

function serve(end: End): void {
  end.receive(512, (n) => {
    if (n > 0) end.send(n, () => serve(end));
  });
}

function ask(end: End, fill: number): void {
  end.data.fill(fill, 0, BYTES);
  end.send(BYTES, () => answer64(end, fill, BYTES));
}

function answer64(end: End, fill: number, left: number): void {
  end.receive(left, (n) => {
    if (n === 0 || end.data[n - 1] !== fill) throw new Error("another's answer");
    if (n < left) return answer64(end, fill, left - n);
    if (++answered === connections * warmUp) start = performance.now();
    ask(end, fill);
  });
}

const listener = open();
// A SOCKADDR_IN: the system chooses the port.
const address = new Uint8Array(new ArrayBuffer(16));
address.set([C.AF_INET, 0, 0, 0, 127, 0, 0, 1]);
ws2.bind(listener, address, address.length);
ws2.listen(listener, connections);
ws2.getsockname(listener, address, Int32Array.of(16));
for (let i = 0; i < connections; i++) {
  const socket = open();
  if (ws2.connect(socket, address, address.length) !== 0) throw new Error("cannot connect");
  serve(new End(ws2.accept(listener, null, null)));
  ask(new End(socket), i + 1);
}

const entries = new Int32Array(new ArrayBuffer(ENTRIES * OVERLAPPED_ENTRY.words * 4));
const removed = new Int32Array(new ArrayBuffer(4));
/** One minute from now, in units of 100 ns. */
const timeout = Int32Array.of(-600_000_000, -1);
const all = connections * (warmUp + trips);
while (answered < all) {
  for (let end; (end = over.pop()) !== undefined;) end.complete();
  nt.NtRemoveIoCompletionEx(port, entries, ENTRIES, removed, timeout, 0);
  for (let i = 0; i < removed[0]; i++) ends[entries[i * OVERLAPPED_ENTRY.words]].complete();
}
const seconds = (performance.now() - start) / 1000;
console.log(`${Math.round(connections * trips / seconds)} round trips/s`);
process.exit(0);
