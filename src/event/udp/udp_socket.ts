// SPDX-License-Identifier: MIT
/** A UDP socket of an event server: a turn of its loop calls `data` for each received datagram. */
import type { PacketCalls } from "../../../platforms/contract/packets.ts";
import { platform } from "../../../platforms/platform.ts";
import {
  type Family,
  POLL_READ,
  POLL_WRITE,
  type RawAddress,
} from "../../../platforms/contract/platform.ts";
import { type Addr, type UDPAddr, udpAddr } from "../../net/addr/addr.ts";
import { OpError } from "../../net/errors.ts";
import { kernelForm, senderAddr } from "../../net/socket/peer_cache.ts";
import { ReadAhead } from "../../net/socket/read_ahead.ts";
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
import type { Written } from "../api/conn.ts";
import { EventDatagramConn, type Sending } from "./datagram_conn.ts";
import { TurnWrites } from "./turn_writes.ts";
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
  readonly #ahead: ReadAhead;
  /** What the turn has written; null if each datagram is sent at once. */
  readonly #writes: TurnWrites | null;
  readonly #net: string;
  readonly #family: Family;
  readonly #conn: EventDatagramConn<C> = new EventDatagramConn<C>(this);
  readonly #pd: PollDesc;
  #paused = false;
  /** Number of consecutive errors. */
  #errors = 0;
  /** Whether they have been reported. */
  #reported = false;
  readonly #report = (error: unknown): void => this.#host.report(error, null);
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
    this.#ahead = new ReadAhead({ sysfd: this.fd, shared: false });
    const together = host.settings.coalesce && this.#calls.sendsMany === true;
    this.#writes = !together ? null : new TurnWrites(
      this.fd,
      (errno, to) => this.#failure("write", "sendmmsg", errno, to === null ? null : udpAddr(to)),
    );
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
    const wanted = this.#writes?.blocked ? POLL_READ | POLL_WRITE : POLL_READ;
    if ((mode & wanted) !== 0) this.#owner.enqueueReady(this, toRun);
  }

  turn(): void {
    for (let left = DATAGRAMS; this.#mayReceive; left--) {
      if (left === 0) {
        this.#owner.enqueue(this);
        break;
      }
      this.#receive();
    }
    const writes = this.#writes;
    if (writes === null || this.closing) return;
    this.#flush(writes);
    writes.settle(this.#report);
  }

  sendTo(bytes: Uint8Array, to: UDPAddr, written: Written | undefined): boolean {
    const address = kernelForm(to, this.#family);
    const length = lengthOf(bytes);
    const writes = this.#writes;
    if (writes !== null) {
      if (writes.full) this.#flush(writes);
      // The handlers that a flush calls may have closed it.
      if (this.closing || writes.full) return dropped(written);
      if (writes.add(bytes, length, address, written)) return true;
      this.#flush(writes);
      if (this.closing || writes.blocked) return dropped(written);
    }
    return this.#sendNow(bytes, length, address, to, written);
  }

  close(): void {
    if (this.closing) return;
    if (this.#writes !== null) this.#flush(this.#writes);
    // A handler of that may have closed it as well.
    if (this.closing) return;
    this.#ahead.drop();
    scheduler.timers.stop(this.#later);
    netpoll.close(this.#pd);
    this.#host.sockets.close(this.fd);
    this.fd = -1;
    this.#writes?.drop(this.#report);
  }

  closeQuietly(): void {
    this.close();
  }

  crashed(): void {
    this.#ahead.drop();
    this.#writes?.crashed();
  }

  get #mayReceive(): boolean {
    return (this.#pd.rready || this.#ahead.holds) && !this.#paused && !this.closing;
  }

  #sendNow(
    bytes: Uint8Array,
    length: number,
    address: RawAddress,
    to: UDPAddr,
    written: Written | undefined,
  ): boolean {
    const { again, events } = this.#host;
    if (events.preWrite !== undefined) events.preWrite();
    const n = this.#calls.sendTo(this.fd, bytes, length, address);
    if (n >= 0) counters.written += n;
    else if (n === again) counters.again++;
    else throw this.#failure("write", "sendto", -n, to);
    if (n < 0) return dropped(written);
    written?.(null);
    return true;
  }

  /** Sends what the turn has written. */
  #flush(writes: TurnWrites): void {
    if (writes.empty || !this.#pd.wready) return;
    try {
      this.#host.events.preWrite?.();
    } catch (error) {
      this.#host.report(error, null);
    }
    // The handler may have shut the server down, which has flushed.
    if (this.closing) return;
    writes.flush();
    if (!writes.blocked) return;
    this.#pd.wready = false;
    counters.again++;
  }

  #receive(): void {
    const { again } = this.#host;
    const { input } = this.#owner;
    const n = this.#ahead.receiveFrom(input.bytes, input.bytes.length);
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
    conn.lend(input.first(n), senderAddr(this.#ahead.sender), scheduler.now);
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

/** The datagram was not sent, as the kernel has no room. */
function dropped(written: Written | undefined): boolean {
  written?.(new Error("the datagram was dropped"));
  return false;
}
