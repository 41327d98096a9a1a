// SPDX-License-Identifier: MIT
/**
 * Names that a documentation fragment may use without declaring them. An example that needs another
 * name declares it.
 */
import type * as netpoll from "@netpoll/netpoll";
import type * as poll from "@netpoll/netpoll/poll";
import type * as netpollReactor from "@netpoll/netpoll/reactor";
import type * as netpollSim from "@netpoll/netpoll/sim";
import type * as nodeChildProcess from "node:child_process";
import type * as nodeFs from "node:fs";
import type * as nodeHttp from "node:http";
import type * as nodeNet from "node:net";

// Opened before.
export declare const conn: netpoll.Conn;
export declare const client: netpoll.Conn;
export declare const server: netpoll.Conn;
export declare const listener: netpoll.Listener;
export declare const reader: netpoll.BufferedReader<netpoll.Conn>;
export declare const poller: poll.Poller;
export declare const fd: number;
export declare const ctx: netpoll.Context;
export declare const mutex: netpoll.Mutex;
export declare const resolver: netpoll.Resolver;
export declare const ch: netpoll.Chan<string>;
export declare const jobs: netpoll.Chan<string>;
export declare const stopped: netpoll.Chan<void>;
export declare const reactor: netpollReactor.Reactor;
export declare const pool: netpollReactor.WorkerPool<{
  scrypt(password: string, salt: Uint8Array): Uint8Array;
}>;

export declare const conns: netpoll.ConnPool<netpoll.Conn>;

// A simulation.
export declare const sim: netpollSim.Simulation;
export declare const web: netpollSim.SimHost;
export declare const db: netpollSim.SimHost;
export declare const echoServer: netpollSim.HostMain;

// Sent and received.
export declare const buf: Uint8Array;
export declare const header: Uint8Array;
export declare const body: Uint8Array;
export declare const hello: Uint8Array;
export declare const query: Uint8Array;
export declare const shared: netpoll.WakerHandle;
export declare const alice: netpoll.UDPAddr;
export declare const bob: netpoll.UDPAddr;
export declare const headers: ReadonlyMap<string, string>;
export declare const latin1: TextDecoder;
export declare const url: string;
export declare const urls: readonly string[];
export declare const queue: string[];
export declare const items: readonly string[];
export declare const table: { get(key: string): Uint8Array };
export declare const key: string;
export declare const cert: string;
export declare const password: string;
export declare const salt: Uint8Array;

// The reader's program.
export declare function handle(bytes: Uint8Array): void;
export declare function handle(conn: netpoll.Conn): netpoll.Routine<void>;
export declare function acceptLoop(listener: netpoll.Listener): netpoll.Routine<void>;
export declare function read(fd: number): void;
export declare function writeLog(ctx: netpoll.Context): netpoll.Routine<void>;
export declare function tunnel(conn: netpoll.Conn): netpoll.Routine<void>;
export declare function answer(frame: Uint8Array): Uint8Array;
export declare function count(word: string): void;
export declare function main(): netpoll.Routine<void>;
export declare function work(job?: unknown): netpoll.Routine<void>;
export declare function fetchOne(...of: unknown[]): netpoll.Routine<Uint8Array>;
export declare function matches(n: number): boolean;
export interface Config {
  readonly address: string;
}
export declare function readConfig(): netpoll.Routine<Config>;

// The host.
export declare const spawn: typeof nodeChildProcess.spawn;
export declare const http: typeof nodeHttp;
export declare const net: typeof nodeNet;
export declare const Deno: {
  connect(options: { port: number }): Promise<{
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array>;
  }>;
};
export declare const writeFileSync: typeof nodeFs.writeFileSync;
export declare const request: Request;
export declare const file: { readonly writable: WritableStream };
export declare const worker: Worker;
