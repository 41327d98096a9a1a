// SPDX-License-Identifier: MIT
/**
 * What the clients share: values, which of them are to vanish when, and who listens to which channel.
 * A string is kept in its frame, as it came on the wire, so that to answer with it is to copy it.
 */
import { contentOf } from "./protocol.ts";

/** A list of strings, in frames, its head last: what is pushed to the left goes to the end. */
export class List {
  readonly reversed: Uint8Array[] = [];
}

/** What a key stands for. */
export type Value = Uint8Array | List;

/** Subscriber of channels. */
export interface Listener {
  /** A message has come: bytes as they go out. */
  push(message: Uint8Array): void;
}

/** Interval at which expired keys are looked for. */
export const SWEEP_MS = 1000;

/** See the top of this file. */
export class Store {
  readonly #values = new Map<string, Value>();
  /** When keys vanish, by Date.now(). */
  readonly #deadlines = new Map<string, number>();
  readonly #channels = new Map<string, Set<Listener>>();

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Value | undefined {
    if (this.#deadlines.size > 0) this.#expire(key);
    return this.#values.get(key);
  }

  /** Sets a value that does not expire. */
  set(key: string, value: Value): void {
    if (this.#deadlines.size > 0) this.#deadlines.delete(key);
    this.#values.set(key, value);
  }

  /** Removes the expiry of a key. */
  keep(key: string): void {
    if (this.#deadlines.size > 0) this.#deadlines.delete(key);
  }

  /** Sets a value, which vanishes when the one before would have. */
  replace(key: string, value: Value): void {
    this.#values.set(key, value);
  }

  delete(key: string): boolean {
    if (this.#deadlines.size > 0) this.#expire(key);
    this.#deadlines.delete(key);
    return this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
    this.#deadlines.clear();
  }

  /** When a key vanishes, by Date.now(); undefined if never. */
  deadline(key: string): number | undefined {
    return this.#deadlines.get(key);
  }

  /** Has a key vanish then; undefined for never. */
  setDeadline(key: string, at: number | undefined): void {
    if (at === undefined) this.#deadlines.delete(key);
    else this.#deadlines.set(key, at);
  }

  /** Forgets what has vanished. To be called every SWEEP_MS. */
  sweep(): void {
    for (const key of this.#deadlines.keys()) this.#expire(key);
  }

  /** Has a listener be told of what is published to a channel. */
  subscribe(channel: string, listener: Listener): void {
    const listeners = this.#channels.get(channel);
    if (listeners === undefined) this.#channels.set(channel, new Set([listener]));
    else listeners.add(listener);
  }

  /** The opposite of `subscribe`. */
  unsubscribe(channel: string, listener: Listener): void {
    const listeners = this.#channels.get(channel);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#channels.delete(channel);
  }

  /** Sends to all subscribers; returns their number. */
  publish(channel: string, message: Uint8Array): number {
    const listeners = this.#channels.get(channel);
    listeners?.forEach((listener) => listener.push(message));
    return listeners?.size ?? 0;
  }

  #expire(key: string): void {
    const at = this.#deadlines.get(key);
    if (at === undefined || at > Date.now()) return;
    this.#deadlines.delete(key);
    this.#values.delete(key);
  }
}

const decoder = new TextDecoder("latin1");

/** A whole number of 64 bits that a text is, or null. */
export function integerOf(text: string): bigint | null {
  if (!/^(0|-?[1-9][0-9]{0,18})$/.test(text)) return null;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : null;
}

/** The text of a string in its frame. */
export function textOf(frame: Uint8Array): string {
  return decoder.decode(contentOf(frame));
}
