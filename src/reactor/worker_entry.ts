// SPDX-License-Identifier: MIT
/** Entry point of a worker's thread. Started by worker_thread.ts, and imported by no module. */
import { workerData } from "node:worker_threads";
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

const start = workerData as P.WorkerStart;
const main = new ParentPort(start);

/** Connections that were open when an error ended the worker. */
let connections = 0;

function over(error: unknown, failed: boolean): void {
  main.post({ type: "over", error: failed ? pack(error) : null, connections });
}

/** Runs `body` to its end; an error is reported to the main thread, and not to the host. */
function drive(body: () => Routine<void>, options: RunOptions): void {
  const succeeded = () => over(null, false);
  const failed = (error: unknown) => over(error, true);
  if (start.driver === "run") {
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
function exported<F>(module: Record<string, unknown>, name: string): F | null {
  const value = module[name];
  if (value === undefined) return null;
  if (typeof value === "function") return value as F;
  throw new TypeError(
    `Cannot serve as ${start.module} must export ${name} as a function*: current value is ${typeof value}`,
  );
}

/** The handler of connections in a module that has one of datagrams only. */
function* noHandler(): Routine<void> {
  throw new TypeError(`Cannot serve a connection as ${start.module} does not export ${start.name}`);
}

function begin(module: Record<string, unknown>): void {
  if (start.kind === "pool") return drive(() => poolWorker(main, module), {});
  const exports: WorkerExports = {
    handlePackets: exported(module, "handlePackets"),
    init: exported(module, "init"),
    end: exported(module, "end"),
  };
  const packetsOnly = module[start.name] === undefined && exports.handlePackets !== null;
  const handler = (packetsOnly ? noHandler : module[start.name]) as Handler | Events | null;
  if (typeof handler !== "function" && (typeof handler !== "object" || handler === null)) {
    throw new TypeError(
      `Cannot serve as ${start.module} must export ${start.name} as a function* or a table of ` +
        `callbacks: current value is ${typeof handler}`,
    );
  }
  const reactor = new SubReactor(main, handler, exports);
  const onPanic: RunOptions["onPanic"] = (error) => {
    if (reactor.survives(error)) return;
    connections = reactor.connections;
    throw error;
  };
  drive(() => reactor.run(), { onPanic });
}

try {
  keepFdTable(new FdTable(start.fdTable));
  // From here on the main thread asks the kernel whether this one has ended.
  Atomics.store(main.words, P.THREAD, platform().threads?.current() ?? 0);
  // Not with a top-level await: the module must have been evaluated for messages to come.
  import(start.module).then(begin).catch((error: unknown) => over(error, true));
} catch (error) {
  over(error, true);
}
