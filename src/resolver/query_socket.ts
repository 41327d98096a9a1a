// SPDX-License-Identifier: MIT
/**
 * A datagram socket for the queries of one lookup at a time. It has what an exchange with a name
 * server needs of a {@linkcode UDPConn}, and is made at a third of the cost: no local address, no
 * options, no queue of readers.
 */
import { platform } from "../../platforms/platform.ts";
import type { PacketCalls } from "../../platforms/contract/packets.ts";
import type { Endpoint, RawAddress } from "../../platforms/contract/platform.ts";
import { counters, countRead, countWritten } from "../fd/counters.ts";
import { sending } from "../fd/datagram.ts";
import { SyscallError } from "../fd/errors.ts";
import { FD, type FdOp } from "../fd/fd.ts";
import { POLL_OK } from "../netpoll/poll_state.ts";
import { endpointAddr } from "../net/addr/addr.ts";
import { OpError } from "../net/errors.ts";
import type { Routine } from "../sched/goroutine.ts";
import { type DatagramPort, LONGEST_DATAGRAM } from "./exchange.ts";
import { type IdleSocket, IdleSockets } from "./idle_sockets.ts";
import type { MessageMemory } from "./message_memory.ts";

/** Memory of one receive, which is copied before anything else runs. */
const received = new Uint8Array(new ArrayBuffer(LONGEST_DATAGRAM));

/** Memory of one send of several queries. */
const joined = new Uint8Array(new ArrayBuffer(1024));

/** Sockets of earlier queries. */
const idleSockets = new IdleSockets<QuerySocket>();

/** Maximum size in bytes of a message that shares memory with others. */
const SHORT = 512;

/** A name server, with its address in the kernel's form. */
export interface Server {
  readonly endpoint: Endpoint;
  readonly address: RawAddress;
  /** Whether it is on this machine. */
  readonly local: boolean;
  /** Memory of short messages. */
  readonly messages: MessageMemory;
}

/** See the top of this file. */
export class QuerySocket extends FD implements DatagramPort, Disposable, IdleSocket {
  truncated = false;
  readonly ipLength: number;
  /** Whether it has no port, and waits among the idle ones. */
  #idle = false;
  /** Whether a query had to wait for room. */
  #waited = false;
  /** Length of the datagrams into which the system segments data; 0 for none. */
  #segmentLength = 0;
  #server: Server;
  readonly #packets: PacketCalls;
  readonly #send: (bytes: Uint8Array) => number;

  private constructor(sysfd: number, server: Server, packets: PacketCalls) {
    super(sysfd);
    this.ipLength = server.endpoint.ip.length;
    this.#server = server;
    this.#packets = packets;
    this.#send = (bytes) => countWritten(packets.send(sysfd, bytes, bytes.length));
  }

  /**
   * Returns a socket connected to `server`, from a random port that the kernel chooses. Sends fail
   * and receives end at `until`, in milliseconds of `performance.now()`.
   *
   * @throws {OpError}
   */
  static open(server: Server, until: number): QuerySocket {
    const idle = idleSockets.take(server.endpoint.ip.length);
    const socket = idle ?? QuerySocket.#create(server);
    const connected = platform().sockets.connect(socket.sysfd, server.address);
    // Registered once it is connected: an unconnected socket reports a hang-up.
    const done = connected < 0 || idle !== undefined ? connected : socket.init();
    if (done < 0) {
      if (idle !== undefined) socket.closeQuietly();
      else platform().sockets.close(socket.sysfd);
      const call = connected < 0 ? "connect" : platform().registerName;
      throw failed("dial", server, new SyscallError(call, -done));
    }
    socket.#begin(server, until);
    return socket;
  }

  static #create(server: Server): QuerySocket {
    const { packets } = platform();
    const sysfd = packets.socket(server.endpoint.ip.length === 4 ? "ip4" : "ip6");
    if (sysfd < 0) throw failed("dial", server, new SyscallError("socket", -sysfd));
    return new QuerySocket(sysfd, server, packets);
  }

  #begin(server: Server, until: number): void {
    const pd = this.pd!;
    this.#server = server;
    this.#idle = false;
    // An error concerns one datagram; the next call reports it.
    pd.reportsErrors = true;
    // Nothing has arrived yet, and the poller reports what will; one that does not must be asked.
    pd.rready = pd.hangup;
    pd.setDeadline("read", until);
  }

  /**
   * Keeps the socket for another query, from another port, after an exchange in which nothing but
   * the responses has arrived. Without a port it receives nothing, and its queue must be empty: a
   * later query cannot be answered by what was sent to this one.
   */
  keep(): void {
    const { disconnect } = this.#packets;
    const pd = this.pd!;
    if (disconnect === undefined || pd.hangup || this.closed) return;
    // A zone binds a socket to its interface.
    if (this.#waited || this.#server.endpoint.scope !== 0 || !idleSockets.hasRoom) return;
    if (disconnect.call(this.#packets, this.sysfd) < 0) return;
    if (this.#packets.receive(this.sysfd, received, LONGEST_DATAGRAM) !== this.again) return;
    pd.setDeadline("read", Infinity);
    this.#idle = true;
    idleSockets.put(this);
  }

  /** Sends queries. Parks while there is no room. */
  *send(datagrams: readonly Uint8Array[]): Routine<void> {
    if (datagrams.length > 1 && this.#sendSegments(datagrams)) return;
    this.#segment(0);
    for (const bytes of datagrams) yield* this.#sendOne(bytes);
  }

  /**
   * Sends datagrams of the same length by one call, which the system segments, to a server on this
   * machine: it wakes once for all, and not by each. Returns false if none was sent.
   */
  #sendSegments(datagrams: readonly Uint8Array[]): boolean {
    const [{ length }] = datagrams;
    const total = length * datagrams.length;
    if (!this.#server.local || total > joined.length) return false;
    for (const [i, bytes] of datagrams.entries()) {
      if (bytes.length !== length) return false;
      joined.set(bytes, i * length);
    }
    return this.#segment(length) &&
      countWritten(this.#packets.send(this.sysfd, joined, total)) >= 0;
  }

  /** Sets the length of segments, 0 for none. Returns whether the system supports it. udp(7). */
  #segment(length: number): boolean {
    if (length === this.#segmentLength) return true;
    if (this.#packets.setOption(this.sysfd, "UDP_SEGMENT", length) < 0) return false;
    this.#segmentLength = length;
    return true;
  }

  *#sendOne(bytes: Uint8Array): Routine<void> {
    const n = this.#send(bytes);
    if (n >= 0) return;
    if (n !== this.again && n !== this.interrupted) throw this.failedCall("write", -n, "send");
    const pd = this.pd!;
    this.#waited = true;
    pd.setDeadline("write", pd.deadline("read"));
    yield* sending(this, "send", this.#send, bytes, undefined);
  }

  /** See {@linkcode DatagramPort.receive}. No other goroutine receives here. */
  *receive(): Routine<Uint8Array> {
    const pd = this.pd!;
    try {
      for (;;) {
        if (pd.readState !== POLL_OK) throw this.stateError("read", pd.readState);
        while (pd.rready) {
          const n = countRead(this.#packets.receive(this.sysfd, received, LONGEST_DATAGRAM));
          if (n >= 0) return this.#taken(n);
          if (n === this.again) {
            pd.rready = false;
            counters.again++;
          } else if (n !== this.interrupted) throw this.failedCall("read", -n, "recv");
        }
        yield pd.parkReader();
        pd.unparkReader();
      }
    } finally {
      pd.unparkReader();
    }
  }

  /** Closes it, unless it was kept. */
  [Symbol.dispose](): void {
    if (!this.#idle) this.closeQuietly();
  }

  override describe(): string {
    const name = `${super.describe()} udp`;
    return this.#idle ? `${name} idle` : `${name} ->${endpointAddr("udp", this.#server.endpoint)}`;
  }

  protected override get closesAtOnce(): boolean {
    return true;
  }

  protected override fail(op: FdOp, cause: Error): OpError {
    return failed(op, this.#server, cause);
  }

  #taken(n: number): Uint8Array {
    this.truncated = n > LONGEST_DATAGRAM;
    if (n > SHORT) return received.slice(0, n);
    const message = this.#server.messages.alloc(n);
    for (let i = 0; i < n; i++) message[i] = received[i];
    return message;
  }
}

function failed(op: FdOp | "dial", { endpoint }: Server, cause: Error): OpError {
  return new OpError(op, "udp", null, endpointAddr("udp", endpoint), cause);
}
