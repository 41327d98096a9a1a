// SPDX-License-Identifier: MIT
/**
 * Event log of a simulation, with a hash. Each event is hashed at once, so two runs are equal if
 * their hashes are, even if events are not kept. Events are stored as numbers in columns, by
 * default only the last ones, and are converted to objects on request.
 */

/** Kind of an event; see {@linkcode SimEvent}. */
export type SimEventKind =
  | "turn"
  | "call"
  | "send"
  | "deliver"
  | "drop"
  | "fault"
  | "host"
  | "note"
  | "property"
  | "operation";

const KINDS: readonly SimEventKind[] = [
  "turn",
  "call",
  "send",
  "deliver",
  "drop",
  "fault",
  "host",
  "note",
  "property",
  "operation",
];

/** Numbers of the kinds, for callers of `add`. */
export const TURN = 0;
/** See TURN. */
export const CALL = 1;
/** See TURN. */
export const SEND = 2;
/** See TURN. */
export const DELIVER = 3;
/** See TURN. */
export const DROP = 4;
/** See TURN. */
export const FAULT = 5;
/** See TURN. */
export const HOST = 6;
/** See TURN. */
export const NOTE = 7;
/** See TURN. */
export const PROPERTY = 8;
/** See TURN. */
export const OPERATION = 9;

/** Event of a simulation. */
export interface SimEvent {
  /** Number of the event in its run, from 0. */
  readonly index: number;
  /** Virtual time in milliseconds since the start. */
  readonly time: number;
  /** Name of the host where it happened; "" for the network as a whole. */
  readonly host: string;
  /** Number of the goroutine that was executing, or 0. */
  readonly goroutine: number;
  /**
   * - "turn": a goroutine begins to execute; `text` is the name of its function
   * - "call": a system call `text` on the descriptor `fd` returned `result`
   * - "send": the packet `packet` leaves for `peer`; `text` describes it
   * - "deliver": the packet `packet` arrives from `peer`
   * - "drop": the packet `packet` for `peer` is lost; `text` says why
   * - "fault": something was broken or mended on purpose
   * - "host": the host came up, went down, was paused or went on
   * - "note": a note of the program
   * - "property": a property of the program came true or failed
   * - "operation": the operation `operation` of a {@linkcode History} began or ended
   */
  readonly kind: SimEventKind;
  /** See `kind`. */
  readonly text: string;
  /** Number of the packet. */
  readonly packet?: number;
  /** Name of the packet's other host. */
  readonly peer?: string;
  /** Bytes of payload of the packet. */
  readonly bytes?: number;
  /** Destination port of the packet. */
  readonly port?: number;
  /** Descriptor of the call. */
  readonly fd?: number;
  /** Result of the call: zero or more, or minus an errno. */
  readonly result?: number;
  /** Number of the operation in its history. */
  readonly operation?: number;
}

/** Number of events kept by default: a power of two. */
const LAST = 64;

/** A time as its two words. */
const TIME = new Float64Array(1);
const TIME_WORDS = new Int32Array(TIME.buffer);

/** Caches the hashes of strings, because descriptions recur. */
const textHashes = new Map<string, number>();
const MOST_TEXTS = 10_000;

function hashOf(text: string): number {
  const known = textHashes.get(text);
  if (known !== undefined) return known;
  let hash = text.length;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x5bd1e995);
  if (textHashes.size > MOST_TEXTS) textHashes.clear();
  textHashes.set(text, hash);
  return hash;
}

/** See the top of this file. */
export class Log {
  /** Number of events. */
  count = 0;
  readonly #all: boolean;
  readonly #hosts: readonly { readonly name: string }[];
  readonly #times: number[] = [];
  /** Kind, host, goroutine, packet, peer, value and result of each event. */
  readonly #numbers: number[] = [];
  readonly #texts: string[] = [];
  #high = 0x2545f491;
  #low = 0x6c078965;

  /** `hosts` by number; `all` keeps every event. */
  constructor(hosts: readonly { readonly name: string }[], all: boolean) {
    this.#hosts = hosts;
    this.#all = all;
  }

  /**
   * Adds an event. `host` and `peer` are host numbers, or -1; `value` and `result` are the length
   * and the port of a packet, or the descriptor and the result of a call.
   */
  add(
    time: number,
    kind: number,
    host: number,
    goroutine: number,
    text: string,
    packet = 0,
    peer = -1,
    value = 0,
    result = 0,
  ): void {
    TIME[0] = time;
    this.#mix(TIME_WORDS[0], TIME_WORDS[1]);
    this.#mix((kind << 24) ^ (host << 12) ^ peer, goroutine);
    this.#mix(hashOf(text) ^ packet, value ^ Math.imul(result, 0x27d4eb2f));
    const at = this.#all ? this.count : this.count & (LAST - 1);
    this.count++;
    this.#times[at] = time;
    this.#texts[at] = text;
    const numbers = this.#numbers;
    const from = at * 7;
    numbers[from] = kind;
    numbers[from + 1] = host;
    numbers[from + 2] = goroutine;
    numbers[from + 3] = packet;
    numbers[from + 4] = peer;
    numbers[from + 5] = value;
    numbers[from + 6] = result;
  }

  /** Hash of all events so far: 16 hexadecimal digits, identical on every system. */
  get hash(): string {
    return [this.#high, this.#low]
      .map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** Returns the last `most` of the events kept, in order. */
  events(most = Infinity): SimEvent[] {
    const kept = this.#all ? this.count : Math.min(this.count, LAST);
    const first = this.count - Math.min(kept, most);
    return Array.from({ length: this.count - first }, (_, i) => this.#event(first + i));
  }

  #event(index: number): SimEvent {
    const at = this.#all ? index : index & (LAST - 1);
    const from = at * 7;
    const [kind, host, goroutine, packet, peer, value, result] = this.#numbers
      .slice(from, from + 7);
    const event = {
      index,
      time: this.#times[at],
      host: this.#hosts[host]?.name ?? "",
      goroutine,
      kind: KINDS[kind],
      text: this.#texts[at],
    };
    if (kind === CALL) return { ...event, fd: value, result };
    if (kind === OPERATION) return { ...event, operation: value };
    if (packet === 0) return event;
    return { ...event, packet, peer: this.#hosts[peer].name, bytes: value, port: result };
  }

  #mix(a: number, b: number): void {
    let high = Math.imul(this.#high ^ a, 0x85ebca6b);
    high ^= high >>> 13;
    let low = Math.imul(this.#low ^ b, 0xc2b2ae35);
    low ^= low >>> 16;
    this.#high = (high + Math.imul(low, 5)) | 0;
    this.#low = low ^ (high << 7) ^ (high >>> 25);
  }
}
