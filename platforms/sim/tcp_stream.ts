// SPDX-License-Identifier: MIT
/**
 * One end of an established connection: sends within the peer's window, acknowledges, and
 * retransmits lost data. RFC 9293, RFC 6298. The window is fixed: there is no congestion control,
 * no Nagle algorithm and no delayed acknowledgment.
 */
import { ETIMEDOUT } from "./errno.ts";
import { NetEvent } from "./event_heap.ts";
import type { Link } from "./link.ts";
import { ReceiveQueue } from "./receive_queue.ts";
import { viewOf } from "../shared/view.ts";
import { ACK, FIN, resetFor, RST, Segment, type SegmentTarget } from "./segment.ts";
import { SendQueue, type Sent } from "./send_queue.ts";
import type { World } from "./world.ts";

/** Length of the IP and TCP headers, with the timestamp option. */
const HEADERS = 52;
/** Retransmission timeout while nothing has been measured. RFC 6298. */
const FIRST_RTO = 1000;
/** Linux's bounds of the retransmission timeout, in milliseconds. */
const LEAST_RTO = 200;
const MOST_RTO = 120_000;
/** Linux's tcp_retries2: number of retransmissions before the connection fails. */
const MOST_RETRIES = 15;
/** The same for a connection whose descriptor is closed: tcp_orphan_retries. */
const MOST_ORPHAN_RETRIES = 8;
/** Number of duplicate acknowledgments that indicate a loss. */
const DUPLICATES = 3;

/** Interface of the stream's socket. */
export interface StreamOwner extends SegmentTarget {
  /** Whether the descriptor is closed. */
  readonly orphan: boolean;
  /** Whether its host has crashed since. */
  readonly gone: boolean;
  /** TCP_USER_TIMEOUT in milliseconds, or 0. */
  readonly userTimeout: number;
  /** Called when a read or write becomes possible. */
  readinessChanged(): void;
  /** Called when the connection has failed. */
  failed(errno: number): void;
  /** Called when both directions have ended, or one of a closed descriptor. */
  directionEnded(): void;
}

/** Retransmits data on timeout, and probes a peer with a zero window. */
class RetransmitTimer extends NetEvent {
  /** Actual due time; the event may fire earlier. */
  due = Infinity;
  readonly #stream: TcpStream;

  constructor(stream: TcpStream) {
    super();
    this.#stream = stream;
  }

  override fire(): void {
    this.#stream.timeout(this);
  }
}

/** See the top of this file. */
export class TcpStream {
  readonly received = new ReceiveQueue();
  readonly queue = new SendQueue();
  /** Size of the send buffer. */
  sendBuffer: number;
  /** Size of the receive buffer. */
  receiveBuffer: number;
  /** Whether the peer has ended its direction, and all data before that has arrived. */
  peerEnded = false;
  /** Whether the local direction ends after the queued data. */
  ending = false;
  /** Whether the FIN was acknowledged. */
  endAcknowledged = false;
  /** Whether the local FIN was sent before the peer's arrived. */
  endedFirst = false;
  /** Whether a write has found the buffer full since it last had room. */
  full = false;
  /** Time of the last segment from the peer. */
  heardAt: number;
  readonly #owner: StreamOwner;
  /** The other end. */
  readonly peer: SegmentTarget;
  readonly #link: Link;
  readonly #world: World;
  #timer: RetransmitTimer;
  /** End of the peer's window. */
  #windowEnd: number;
  /** Last advertised window. */
  #advertised = 0;
  #endSent = false;
  /** Position of the peer's FIN, once received. */
  #peerEnd = -1;
  #rto = FIRST_RTO;
  #smoothed = -1;
  #variation = 0;
  #retries = 0;
  /** Time since which sent data has been unacknowledged. */
  #unansweredSince = 0;
  #duplicates = 0;
  /** Bytes before this one were sent before the last detected loss. */
  #recover = 0;

  constructor(owner: StreamOwner, peer: SegmentTarget, link: Link, buffers: StreamBuffers) {
    this.#owner = owner;
    this.peer = peer;
    this.#link = link;
    this.#world = owner.station.world;
    this.#windowEnd = buffers.window;
    this.sendBuffer = buffers.send;
    this.receiveBuffer = buffers.receive;
    this.heardAt = this.#world.now;
    this.#timer = new RetransmitTimer(this);
  }

  /** Whether a third of the buffer is free. Linux: sk_stream_is_writeable. */
  get writable(): boolean {
    return (this.sendBuffer - this.queue.kept) * 3 >= this.sendBuffer;
  }

  /** Number of unacknowledged bytes, counting the FIN as one. */
  get unacknowledged(): number {
    return this.queue.kept + (this.ending && !this.endAcknowledged ? 1 : 0);
  }

  /** Sequence number of the next segment. */
  get #seq(): number {
    return this.queue.next + (this.#endSent ? 1 : 0);
  }

  /** Accepts up to `length` bytes of `buffer`. Returns their number; 0 if there is no room. */
  write(buffer: Uint8Array, length: number): number {
    const room = this.sendBuffer - this.queue.kept;
    if (room <= 0) {
      this.full = true;
      return 0;
    }
    const n = Math.min(room, length);
    this.queue.write(viewOf(buffer, 0, n).slice());
    this.transmit();
    return n;
  }

  /** Reads up to `length` bytes. */
  read(buffer: Uint8Array, length: number): number {
    const n = this.received.read(buffer, length);
    // Send a window update once the window has doubled. Linux: tcp_cleanup_rbuf.
    const known = 2 * this.#advertised;
    if (n > 0 && known <= this.receiveBuffer && this.#window >= known) this.acknowledge();
    return n;
  }

  /** Ends the local direction after the queued data. */
  end(): void {
    if (this.ending) return;
    this.ending = true;
    this.endedFirst = !this.peerEnded;
    this.transmit();
  }

  /** Sends a reset to the peer. */
  reset(): void {
    this.#emit(RST | ACK, this.#seq);
    this.stop();
  }

  /** Drops queued data and stops retransmission. */
  stop(): void {
    this.queue.clear();
    this.#timer.due = Infinity;
  }

  /** Handles a received segment. */
  receive(segment: Segment): void {
    this.heardAt = this.#world.now;
    const { flags, seq, data } = segment;
    const end = seq + data.length;
    if (flags & RST) return this.#owner.failed(0);
    if (data.length > 0 && this.#owner.orphan) return this.#refuse(segment);
    if (flags & ACK) this.#acknowledged(segment);
    let answers = data.length > 0 || (flags & FIN) !== 0;
    // A segment before the window is a probe: acknowledge it.
    if (!answers && seq < this.received.next + (this.peerEnded ? 1 : 0)) answers = true;
    const before = this.received.next;
    if (data.length > 0 && end <= this.received.next + this.#window + 1) {
      this.received.add(seq, data);
    }
    if (flags & FIN) this.#peerEnd = end;
    const ends = !this.peerEnded && this.#peerEnd === this.received.next;
    if (ends) this.peerEnded = true;
    if (answers) this.acknowledge();
    if (ends || this.received.next > before) this.#owner.readinessChanged();
    if (ends) this.#owner.directionEnded();
  }

  /** Sends an acknowledgment with the current window. */
  acknowledge(): void {
    this.#emit(ACK, this.#seq);
  }

  /** Sends a keep-alive probe. */
  probe(): void {
    this.#emit(ACK, this.queue.una - 1);
  }

  /** Sends as much as the peer's window allows. */
  transmit(): void {
    const { queue } = this;
    const mss = this.#link.shape.mtu - HEADERS;
    const { now } = this.#world;
    for (let room; (room = this.#windowEnd - queue.next) > 0;) {
      const sent = queue.take(Math.min(mss, room), now);
      if (sent === null) break;
      this.#emit(ACK, sent.seq, sent.data);
    }
    if (this.ending && !this.#endSent && queue.next === queue.end) {
      this.#emit(FIN | ACK, queue.end);
      this.#endSent = true;
    }
    if (this.unacknowledged > 0 && this.#timer.due === Infinity) this.#arm();
  }

  /** Handles a retransmission timeout; `timer` may have been replaced. */
  timeout(timer: RetransmitTimer): void {
    if (timer !== this.#timer) return;
    const { now } = this.#world;
    if (timer.due > now) {
      if (timer.due < Infinity) this.#world.events.add(timer, timer.due);
      return;
    }
    timer.due = Infinity;
    if (this.unacknowledged === 0 || this.#owner.gone) return;
    const { orphan, userTimeout } = this.#owner;
    const most = orphan ? MOST_ORPHAN_RETRIES : MOST_RETRIES;
    const expired = userTimeout > 0 && now - this.#unansweredSince >= userTimeout;
    if (this.#retries++ >= most || expired) return this.#owner.failed(ETIMEDOUT);
    this.#recover = this.queue.next;
    this.#resend();
    this.#rto = Math.min(this.#rto * 2, MOST_RTO);
    this.#arm(true);
  }

  get #window(): number {
    return Math.max(0, this.receiveBuffer - this.received.readable);
  }

  #refuse(segment: Segment): void {
    this.#link.send(resetFor(segment));
    this.#owner.failed(0);
  }

  #acknowledged(segment: Segment): void {
    const { queue } = this;
    const { ack } = segment;
    const { una } = queue;
    if (ack > queue.end + 1) return;
    const roomier = ack + segment.window > this.#windowEnd;
    if (roomier) this.#windowEnd = ack + segment.window;
    if (queue.oldest === undefined && !this.#endSent) this.#probeAnswered(roomier);
    const endNews = this.#endSent && !this.endAcknowledged && ack > queue.end;
    if (endNews) this.endAcknowledged = true;
    if (ack > una || endNews) this.#advance(Math.min(ack, queue.end));
    else if (segment.bytes === 0 && ack === una && !roomier) this.#duplicate();
    this.transmit();
    if (endNews) this.#owner.directionEnded();
  }

  /**
   * The peer is there, and has no window or a new one. It may be without one for as long as it likes.
   * RFC 9293, 3.8.6.1.
   */
  #probeAnswered(roomier: boolean): void {
    this.#retries = 0;
    if (!roomier) return;
    this.#timer.due = Infinity;
    this.#rto = this.#measuredRto;
  }

  #advance(ack: number): void {
    const { queue } = this;
    const last = queue.acknowledge(ack);
    if (last !== null && !last.again) this.#measure(this.#world.now - last.at);
    this.#duplicates = this.#retries = 0;
    this.#timer.due = Infinity;
    // Data sent before the loss that is still unacknowledged was lost as well.
    if (queue.una < this.#recover && queue.oldest !== undefined) this.#sendAgain(queue.oldest);
    if (this.unacknowledged > 0) this.#arm();
    if (this.full && this.writable) {
      this.full = false;
      this.#owner.readinessChanged();
    }
  }

  #duplicate(): void {
    const { oldest, una, next } = this.queue;
    if (oldest === undefined || ++this.#duplicates !== DUPLICATES || una < this.#recover) return;
    this.#recover = next;
    this.#sendAgain(oldest);
  }

  #resend(): void {
    const { oldest } = this.queue;
    if (oldest !== undefined) this.#sendAgain(oldest);
    else if (this.#endSent) this.#emit(FIN | ACK, this.queue.end);
    else this.probe();
  }

  #sendAgain(sent: Sent): void {
    sent.again = true;
    this.#emit(ACK, sent.seq, sent.data);
  }

  /** Updates the RTO by RFC 6298, with Linux's minimum variation. */
  #measure(rtt: number): void {
    if (this.#smoothed < 0) {
      this.#smoothed = rtt;
      this.#variation = rtt / 2;
    } else {
      this.#variation += (Math.abs(this.#smoothed - rtt) - this.#variation) / 4;
      this.#smoothed += (rtt - this.#smoothed) / 8;
    }
    this.#rto = this.#measuredRto;
  }

  get #measuredRto(): number {
    if (this.#smoothed < 0) return FIRST_RTO;
    return Math.min(this.#smoothed + Math.max(4 * this.#variation, LEAST_RTO), MOST_RTO);
  }

  #arm(again = false): void {
    const { world } = this.#owner.station;
    if (!again) this.#unansweredSince = world.now;
    const due = world.now + this.#rto;
    // An event cannot be moved: one that is too late is replaced.
    if (this.#timer.scheduled && this.#timer.at > due) this.#timer = new RetransmitTimer(this);
    const timer = this.#timer;
    timer.due = due;
    if (!timer.scheduled) world.events.add(timer, due);
  }

  #emit(flags: number, seq: number, data?: Uint8Array): void {
    const ack = this.received.next + (this.peerEnded ? 1 : 0);
    this.#advertised = this.#window;
    const { localPort } = this.peer;
    this.#link.send(
      new Segment(this.#owner, this.peer, localPort, flags, seq, ack, this.#advertised, data),
    );
  }
}

/** Initial parameters of a stream. */
export interface StreamBuffers {
  readonly send: number;
  readonly receive: number;
  /** Window that the peer advertised in the handshake. */
  readonly window: number;
}
