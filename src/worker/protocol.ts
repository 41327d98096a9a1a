// SPDX-License-Identifier: MIT
/**
 * Messages between the main thread and its workers.
 *
 * A worker's thread may be blocked in the poller, where no message of the host ever arrives. So
 * each message is put into a port, from which it is read without the host's loop, and then the
 * other thread's poller is interrupted by its Waker. Frequent values, and those needed once a
 * worker is dead, are in words of shared memory.
 */
import type { MessagePort } from "node:worker_threads";
import type { WakerHandle } from "../fd/wake_words.ts";
import type { ListenOptions, ListenPacketOptions } from "../net/options/options.ts";
import type { EncodedAddr } from "./addr_codec.ts";
import type { EncodedError } from "./error_codec.ts";
import type { HandedTLS } from "../tls/handed.ts";
import type { TLSCertificates } from "../tls/tls_options.ts";
import type { LimitName, Shed } from "../limit/limit_options.ts";

/** Written by the main thread: the order to the worker, {@linkcode RUN}, DRAIN or STOP. */
export const ORDER = 0;
/** Written by the worker: its thread id in the kernel. */
export const THREAD = 1;
/** Written by the worker: the number of open connections that it accepted itself. */
export const OWN_CONNECTIONS = 2;
/** Written by the worker: the number of its goroutines. */
export const GOROUTINES = 3;
/** Written by the worker: the number of connections that it has accepted itself so far. */
export const OWN_ACCEPTED = 4;
/** Written by the main thread: the number of a job that was cancelled. */
export const CANCELLED = 5;
/** Number of words. */
export const WORDS = 6;

/** Order to run. */
export const RUN = 0;
/** Order to accept nothing new, and to end when all work is done. */
export const DRAIN = 1;
/** Order to end now. */
export const STOP = 2;

/** Number of a worker, or the main thread. */
export type WorkerAddress = number | "main";

/** How a worker's thread waits when it is idle. */
export type Driver = "runSync" | "run";

/** Start message of a worker. */
export interface WorkerStart {
  readonly kind: "reactor" | "pool";
  /** The user's module. */
  readonly module: string;
  /** Whether that module is the program of the thread: see bundled_worker.ts. */
  readonly bundled: boolean;
  /** Name of the export that serves a connection. */
  readonly name: string;
  /** The worker's number. */
  readonly worker: number;
  /** The user's data for each worker. */
  readonly data: unknown;
  readonly driver: Driver;
  /** Share of the time that the thread may spin for events; undefined for the default. */
  readonly spinShare?: number;
  /** Whether an uncaught error of a connection's goroutine is reported, or ends the worker. */
  readonly survives: boolean;
  /** Idle timeout of goroutines' connections, in milliseconds; 0 for none. */
  readonly idleTimeout?: number;
  /** What secures connections. */
  readonly tls?: HandedTLS;
  readonly words: SharedArrayBuffer;
  readonly fdTable: SharedArrayBuffer;
  readonly descriptors: SharedArrayBuffer;
  readonly tokens: SharedArrayBuffer;
  readonly port: MessagePort;
  /** Wakes the main thread. */
  readonly main: WakerHandle;
  /** Limits that the worker enforces itself. */
  readonly limits: WorkerLimits;
  /**
   * Whether to report connections that linger: the main thread has a limit for which they count.
   */
  readonly reportsLingering?: boolean;
}

/** Limits without their functions, for a message. */
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

/** Messages of the main thread. */
export type ToWorker =
  /** Listen in the worker; `limits` apply to what it accepts there. */
  | {
    readonly type: "listen";
    readonly listener: number;
    readonly network: "tcp" | "tcp4" | "tcp6";
    readonly address: string;
    readonly options: ListenOptions;
    readonly limits: WorkerLimits;
  }
  /** Open a UDP socket in the worker, and run the handler of datagrams. */
  | {
    readonly type: "listenPacket";
    readonly listener: number;
    readonly network: "udp" | "udp4" | "udp6";
    readonly address: string;
    readonly options: ListenPacketOptions;
  }
  /** A message of the main thread or of another worker; answered by "reply" once it is queued. */
  | {
    readonly type: "mail";
    readonly id: number;
    readonly from: WorkerAddress;
    readonly value: unknown;
  }
  /** Report the thread's counters, by "reply". */
  | { readonly type: "stats"; readonly id: number }
  /** The worker's own message of this number is queued; or it is not, for the given reason. */
  | { readonly type: "mailed"; readonly id: number; readonly error: EncodedError | null }
  /** Stop accepting there, or close the UDP socket. */
  | { readonly type: "unlisten"; readonly listener: number }
  /** Replace the certificates for future handshakes. */
  | { readonly type: "certificates"; readonly certificates: TLSCertificates }
  /** Close the lingering connection of this token, whose slot is needed. */
  | { readonly type: "cut"; readonly token: number }
  | { readonly type: "job"; readonly job: number; readonly name: string; readonly args: unknown[] };

/** Connections that a worker has shed since its last report. */
export type ShedReport = Omit<Shed, "remote"> & {
  readonly remote: EncodedAddr | null;
};

/** Messages of a worker. */
export type ToMain =
  /** It is ready; the handle wakes it. `events` is whether it serves by a table of events. */
  | { readonly type: "up"; readonly waker: WakerHandle; readonly events: boolean }
  /** It listens; or it does not, for the given reason. */
  | { readonly type: "listening"; readonly listener: number; readonly error: EncodedError | null }
  /** A connection's goroutine ended with an uncaught error. */
  | { readonly type: "panic"; readonly error: EncodedError; readonly remote: string }
  | { readonly type: "shed"; readonly reports: ShedReport[] }
  /** A message for the main thread or another worker; answered by "mailed". */
  | {
    readonly type: "mail";
    readonly id: number;
    readonly to: WorkerAddress;
    readonly value: unknown;
  }
  /** The answer to the "mail" or "stats" of this number. */
  | {
    readonly type: "reply";
    readonly id: number;
    readonly value: unknown;
    readonly error: EncodedError | null;
  }
  /** The connection of this token is closed, but lingers. */
  | { readonly type: "lingering"; readonly token: number }
  /** A handler of its table of events has shut down its server. */
  | { readonly type: "shutdown" }
  | { readonly type: "result"; readonly job: number; readonly value: unknown }
  | { readonly type: "failed"; readonly job: number; readonly error: EncodedError }
  /**
   * It has closed everything. With the error that caused this, and the number of open connections
   * at that time.
   */
  | { readonly type: "over"; readonly error: EncodedError | null; readonly connections: number };

/** Counts shed connections. */
export type ShedKey = `${LimitName}:${Shed["action"]}`;
