// SPDX-License-Identifier: MIT
/** A UDP socket of an event server: a turn of its loop calls `data` for each received datagram. */
import type { PacketCalls } from "../../../platforms/contract/packets.ts";
import { platform } from "../../../platforms/platform.ts";
import { type Family, POLL_READ } from "../../../platforms/contract/platform.ts";
import type { Addr, UDPAddr } from "../../net/addr/addr.ts";
import { OpError } from "../../net/errors.ts";
import { kernelForm, senderAddr } from "../../net/socket/peer_cache.ts";
import type { UDPConn } from "../../net/udp/udp.ts";
import { netpoll } from "../../netpoll/netpoll.ts";
import type { Closer, PollDesc, PollHandler } from "../../netpoll/poll_desc.ts";
import { SyscallError } from "../../fd/errors.ts";
import { lengthOf } from "../../fd/check_bytes.ts";
import { counters } from "../../fd/counters.ts";
import type { RunQueue } from "../../sched/run_queue.ts";
import { now } from "../../sched/clock.ts";
import { scheduler } from "../../sched/thread.ts";
import { CallTimer } from "../../sched/timer_heap.ts";
import { type Answer, checkReply } from "../api/action.ts";
import type { ConnHost } from "../conn/conn_host.ts";
import { EventDatagramConn, type Sending } from "./datagram_conn.ts";
import type { Listening } from "../conn/listening.ts";
import type { Loop, Turn } from "../conn/loop.ts";

/** Maximum number of datagrams per turn, for fairness. */
const DATAGRAMS = 32;
/** Milliseconds until a retry on a socket whose receives all fail. */
const RETRY_MS = 100;

/** See the top of this file. */
export class EventUDPSocket<C> implements Turn, PollHandler, Closer, Listening, Sending {
  nextTurn: Turn | null = null;
  queued = false;
  readonly addr: Addr;
  readonly addrIndex: number;
  fd: number;
  readonly #host: ConnHost<C>;
  readonly #owner: Loop;
  readonly #calls: PacketCalls = platform().packets;
  readonly #net: string;
  readonly #family: Family;
  readonly #conn: EventDatagramConn<C> = new EventDatagramConn<C>(this);
  readonly #pd: PollDesc;
  #paused = false;
  /** Number of consecutive errors. */
  #errors = 0;
  /** Whether they have been reported. */
  #reported = false;
  readonly #later = new CallTimer(() => {
    this.#pd.rready = true;
    this.#owner.enqueue(this);
  });

  /** Takes the descriptor of `socket`. Throws OpError if the poller does not. */
  constructor(host: ConnHost<C>, owner: Loop, socket: UDPConn, net: string, addrIndex: number) {
    const { localAddr } = socket;
    this.#host = host;
    this.#owner = owner;
    this.#net = net;
    this.addr = localAddr;
    this.addrIndex = addrIndex;
    this.fd = socket.detach();
    const raw = host.sockets.localAddress(this.fd);
    const v4 = typeof raw !== "number" && platform().sockaddr.isInet4(raw);
    this.#family = v4 ? "ip4" : "ip6";
    const pd = netpoll.open(this.fd);
    if (typeof pd === "number") {
      host.sockets.close(this.fd);
      throw this.#failure("listen", platform().registerName, -pd, null);
    }
    this.#pd = pd;
    pd.holder = this;
    pd.handler = this;
    owner.enqueue(this);
  }

  get loop(): number {
    return this.#owner.index;
  }

  get closing(): boolean {
    return this.fd < 0;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#owner.enqueue(this);
  }

  pollReady(mode: number, toRun: RunQueue): void {
    if ((mode & POLL_READ) !== 0) this.#owner.enqueueReady(this, toRun);
  }

  turn(): void {
    for (let left = DATAGRAMS; this.#pd.rready && !this.#paused && !this.closing; left--) {
      if (left === 0) return this.#owner.enqueue(this);
      this.#receive();
    }
  }

  sendTo(bytes: Uint8Array, to: UDPAddr): boolean {
    const { again, events } = this.#host;
    if (events.preWrite !== undefined) events.preWrite();
    const n = this.#calls.sendTo(this.fd, bytes, lengthOf(bytes), kernelForm(to, this.#family));
    if (n >= 0) counters.written += n;
    else if (n === again) counters.again++;
    else throw this.#failure("write", "sendto", -n, to);
    return n >= 0;
  }

  close(): void {
    if (this.closing) return;
    scheduler.timers.stop(this.#later);
    netpoll.close(this.#pd);
    this.#host.sockets.close(this.fd);
    this.fd = -1;
  }

  closeQuietly(): void {
    this.close();
  }

  #receive(): void {
    const { again } = this.#host;
    const { input } = this.#owner;
    const n = this.#calls.receiveFrom(this.fd, input.bytes, input.bytes.length);
    if (n === again) {
      counters.again++;
      this.#pd.rready = false;
    }
    // Any other error concerns an earlier datagram, not the next one.
    if (n < 0) return this.#failed(n);
    this.#errors = 0;
    this.#reported = false;
    counters.read += n;
    const conn = this.#conn;
    conn.lend(input.first(n), senderAddr(this.#calls.sender), scheduler.now);
    try {
      this.#answer(this.#host.events.data?.(conn, input.first(n)));
    } catch (error) {
      this.#host.report(error, conn);
    } finally {
      conn.giveBack();
    }
  }

  /** A recurring error concerns the socket, which is retried later. */
  #failed(answer: number): void {
    if (answer === this.#host.again || ++this.#errors < DATAGRAMS) return;
    this.#errors = 0;
    this.#pd.rready = false;
    scheduler.timers.set(this.#later, now() + RETRY_MS);
    if (this.#reported) return;
    this.#reported = true;
    this.#host.report(this.#failure("read", "recvfrom", -answer, null), null);
  }

  #answer(answer: Answer): void {
    if (answer === undefined) return;
    if (answer instanceof Uint8Array) return void this.#conn.write(answer);
    if (typeof answer === "string") return this.#host.act(answer);
    const { out, action } = checkReply(answer);
    if (out !== undefined) this.#conn.write(out);
    this.#host.act(action);
  }

  #failure(op: string, call: string, errno: number, to: Addr | null): OpError {
    return new OpError(op, this.#net, this.addr, to, new SyscallError(call, errno));
  }
}
