// SPDX-License-Identifier: MIT
/**
 * A TCP segment. Sequence numbers count payload bytes from 0; a FIN has the number after the last
 * byte.
 */
import type { SocketAddress } from "./address.ts";
import { Packet, type Station } from "./packet.ts";

/** Flags of a segment. */
export const SYN = 1;
/** See SYN. */
export const ACK = 2;
/** See SYN. */
export const FIN = 4;
/** See SYN. */
export const RST = 8;

/** Descriptions of flag combinations. */
const WORDS: readonly string[] = Array.from({ length: 16 }, (_, flags) => {
  const words = ["syn", "ack", "fin", "rst"].filter((_, bit) => flags & (1 << bit));
  return `tcp ${words.join(" ")}`;
});

/** Endpoint of a segment. */
export interface SegmentTarget {
  readonly station: Station;
  /** Local address, as a key. */
  readonly localIp: string;
  readonly localPort: number;
  /** Remote address. */
  readonly remote: SocketAddress | null;
  /** Handles a received segment. */
  receive(segment: Segment): void;
}

const NO_BYTES = new Uint8Array(0);

/** See the top of this file. */
export class Segment extends Packet {
  readonly flags: number;
  readonly seq: number;
  /** Next byte that the sender expects. */
  readonly ack: number;
  /** Number of bytes from `ack` that the sender has room for. */
  readonly window: number;
  readonly data: Uint8Array;
  /** Sender. */
  readonly source: SegmentTarget;
  /** Destination: a socket, or a port's dispatcher. */
  readonly target: SegmentTarget;

  constructor(
    source: SegmentTarget,
    target: SegmentTarget,
    port: number,
    flags: number,
    seq: number,
    ack: number,
    window: number,
    data: Uint8Array = NO_BYTES,
  ) {
    const what = data.length > 0 ? "tcp data" : WORDS[flags];
    super(source.station, target.station, what, data.length, port);
    this.flags = flags;
    this.seq = seq;
    this.ack = ack;
    this.window = window;
    this.data = data;
    this.source = source;
    this.target = target;
  }

  override copy(): Segment {
    const { source, target, port, flags, seq, ack, window, data } = this;
    return new Segment(source, target, port, flags, seq, ack, window, data);
  }

  protected override arrive(): void {
    this.target.receive(this);
  }
}

/** Returns the reset for an unexpected segment. */
export function resetFor(segment: Segment): Segment {
  const { source, target } = segment;
  return new Segment(target, source, source.localPort, RST | ACK, segment.ack, segment.seq, 0);
}
