// SPDX-License-Identifier: MIT
/**
 * What a thread and its workers say to each other.
 *
 * A worker's thread may be blocked in the poller, where no message of the host ever arrives. So each
 * message is put into a port, from which it is taken without the host's loop, and then the other
 * thread's poller is broken by its Waker. What is said often, or must be readable when a worker is
 * dead, is in words of memory that both see.
 */
import type { MessagePort } from "node:worker_threads";
import type { WakerHandle } from "../fd/wake_words.ts";
import type { ListenOptions } from "../net/options/options.ts";
import type { EncodedAddr } from "./addr_codec.ts";
import type { EncodedError } from "./error_codec.ts";
import type { LimitName, Shed } from "../limit/limit_options.ts";

/** Written by the main thread: whether the worker is to end, {@linkcode RUN}, DRAIN or STOP. */
export const ORDER = 0;
/** Written by the worker: its thread's number, as the kernel knows it. */
export const THREAD = 1;
/** Written by the worker: connections that it accepted itself and has open. */
export const OWN_CONNECTIONS = 2;
/** Written by the worker: its goroutines. */
export const GOROUTINES = 3;
/** Written by the worker: connections that it has accepted itself so far. */
export const OWN_ACCEPTED = 4;
/** Written by the main thread: the number of a job that was cancelled. */
export const CANCELLED = 5;
/** How many words there are. */
export const WORDS = 6;

/** Go on. */
export const RUN = 0;
/** Take nothing new, and end when all is done. */
export const DRAIN = 1;
/** End now. */
export const STOP = 2;

/** How a worker's thread waits when it is idle. */
export type Driver = "runSync" | "run";

/** What a worker is started with. */
export interface WorkerStart {
  readonly kind: "reactor" | "pool";
  /** The user's module. */
  readonly module: string;
  /** Which of its exports serves a connection. */
  readonly name: string;
  /** The worker's number. */
  readonly worker: number;
  /** What the user passes to each worker. */
  readonly data: unknown;
  readonly driver: Driver;
  /** Whether an uncaught error of a connection's goroutine is reported, or ends the worker. */
  readonly survives: boolean;
  /** Idle timeout of goroutines' connections, in milliseconds; 0 for none. */
  readonly idleTimeout?: number;
  readonly words: SharedArrayBuffer;
  readonly fdTable: SharedArrayBuffer;
  readonly descriptors: SharedArrayBuffer;
  readonly tokens: SharedArrayBuffer;
  readonly port: MessagePort;
  /** Wakes the main thread. */
  readonly main: WakerHandle;
  /** The limits that the worker keeps by itself. */
  readonly limits: WorkerLimits;
  /** Whether to report connections that linger: the main thread has a limit for which they count. */
  readonly reportsLingering?: boolean;
}

/** Limits as they travel: without functions. */
export interface WorkerLimits {
  readonly connections?: { most: number; policy: "wait" | "refuse" | "closeOldestIdle" };
  readonly perAddress?: {
    most: number;
    policy: "refuse" | "closeOldestIdle";
    ipv6Prefix: number;
  };
  readonly goroutines?: { most: number; policy: "wait" | "refuse" | "closeOldestIdle" };
  readonly acceptRate?: { perSecond: number; burst: number; policy: "wait" | "refuse" };
  readonly firstBytes?: { within: number; bytes: number };
  readonly reply?: Uint8Array;
}

/** What the main thread says. */
export type ToWorker =
  /** Listen by yourself; `limits` for what you accept there. */
  | {
    readonly type: "listen";
    readonly listener: number;
    readonly network: "tcp" | "tcp4" | "tcp6";
    readonly address: string;
    readonly options: ListenOptions;
    readonly limits: WorkerLimits;
  }
  /** Accept no more there. */
  | { readonly type: "unlisten"; readonly listener: number }
  /** Close the connection of this token, which lingers: its place is needed. */
  | { readonly type: "cut"; readonly token: number }
  | { readonly type: "job"; readonly job: number; readonly name: string; readonly args: unknown[] };

/** What a worker tells of what it has shed since it told last. */
export type ShedReport = Omit<Shed, "remote"> & {
  readonly remote: EncodedAddr | null;
};

/** What a worker says. */
export type ToMain =
  /** It is ready; the handle wakes it. And whether it serves by a table of events. */
  | { readonly type: "up"; readonly waker: WakerHandle; readonly events: boolean }
  /** It listens; or it does not, for this reason. */
  | { readonly type: "listening"; readonly listener: number; readonly error: EncodedError | null }
  /** A connection's goroutine did not catch an error. */
  | { readonly type: "panic"; readonly error: EncodedError; readonly remote: string }
  | { readonly type: "shed"; readonly reports: ShedReport[] }
  /** The connection of this token is closed, and lingers. */
  | { readonly type: "lingering"; readonly token: number }
  /** A handler of its table of events has shut its server down. */
  | { readonly type: "shutdown" }
  | { readonly type: "result"; readonly job: number; readonly value: unknown }
  | { readonly type: "failed"; readonly job: number; readonly error: EncodedError }
  /** All of it is closed. With the error that did it, and the connections that it had then. */
  | { readonly type: "over"; readonly error: EncodedError | null; readonly connections: number };

/** For counting what was shed. */
export type ShedKey = `${LimitName}:${Shed["action"]}`;
