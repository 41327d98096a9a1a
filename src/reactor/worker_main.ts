// SPDX-License-Identifier: MIT
/** The program of a worker's thread. */
import { platform } from "../../platforms/platform.ts";
import { FdTable, keepFdTable } from "../netpoll/fd_table.ts";
import { run, runSync } from "../sched/api.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { RunOptions } from "../sched/run.ts";
import { ParentPort } from "../worker/parent_port.ts";
import { poolWorker } from "../pool/pool_worker.ts";
import { pack } from "../worker/error_codec.ts";
import * as P from "../worker/protocol.ts";
import type { Events } from "../event/api/events.ts";
import type { Handler } from "./handler.ts";
import { SubReactor, type WorkerExports } from "./sub_reactor.ts";

/** Runs the worker that `start` describes on this thread, which has nothing else to do. */
export function runWorker(start: P.WorkerStart): void {
  const worker = new WorkerMain(start);
  try {
    keepFdTable(new FdTable(start.fdTable));
    // From here on the main thread asks the kernel whether this one has ended.
    Atomics.store(worker.main.words, P.THREAD, platform().threads?.current() ?? 0);
    // Not with a top-level await: the module must have been evaluated for messages to come.
    import(start.module)
      .then((module) => worker.begin(module))
      .catch((error: unknown) => worker.over(error, true));
  } catch (error) {
    worker.over(error, true);
  }
}

/** See {@linkcode runWorker}. */
class WorkerMain {
  readonly main: ParentPort;
  readonly #start: P.WorkerStart;
  /** Connections that were open when an error ended the worker. */
  #connections = 0;

  constructor(start: P.WorkerStart) {
    this.#start = start;
    this.main = new ParentPort(start);
  }

  /** Reports the end. */
  over(error: unknown, failed: boolean): void {
    const connections = this.#connections;
    this.main.post({ type: "over", error: failed ? pack(error) : null, connections });
  }

  /** Serves with the user's module. */
  begin(module: Record<string, unknown>): void {
    const { kind, name } = this.#start;
    if (kind === "pool") return this.#drive(() => poolWorker(this.main, module), {});
    const exports: WorkerExports = {
      handlePackets: this.#exported(module, "handlePackets"),
      init: this.#exported(module, "init"),
      end: this.#exported(module, "end"),
    };
    const packetsOnly = module[name] === undefined && exports.handlePackets !== null;
    const handler = packetsOnly ? this.#noHandler() : module[name] as Handler | Events | null;
    if (typeof handler !== "function" && (typeof handler !== "object" || handler === null)) {
      throw new TypeError(
        `Cannot serve as ${this.#start.module} must export ${name} as a function* or a table of ` +
          `callbacks: current value is ${typeof handler}`,
      );
    }
    const reactor = new SubReactor(this.main, handler, exports);
    const onPanic: RunOptions["onPanic"] = (error) => {
      if (reactor.survives(error)) return;
      this.#connections = reactor.connections;
      throw error;
    };
    this.#drive(() => reactor.run(), { onPanic, spinShare: this.#start.spinShare });
  }

  /** Runs `body` to its end; an error is reported to the main thread, and not to the host. */
  #drive(body: () => Routine<void>, options: RunOptions): void {
    const succeeded = () => this.over(null, false);
    const failed = (error: unknown) => this.over(error, true);
    if (this.#start.driver === "run") {
      void run(body, { ...options, detectDeadlock: false }).then(succeeded, failed);
      return;
    }
    try {
      runSync(body, options);
    } catch (error) {
      return failed(error);
    }
    succeeded();
  }

  /** The export of this name, which must be a function; null if the module has none. */
  #exported<F>(module: Record<string, unknown>, name: string): F | null {
    const value = module[name];
    if (value === undefined) return null;
    if (typeof value === "function") return value as F;
    throw new TypeError(
      `Cannot serve as ${this.#start.module} must export ${name} as a function*: ` +
        `current value is ${typeof value}`,
    );
  }

  /** The handler of connections in a module that has one of datagrams only. */
  #noHandler(): Handler {
    const { module, name } = this.#start;
    return function* noHandler() {
      throw new TypeError(`Cannot serve a connection as ${module} does not export ${name}`);
    };
  }
}
