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
import { SubReactor } from "./sub_reactor.ts";

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

function begin(module: Record<string, unknown>): void {
  if (start.kind === "pool") return drive(() => poolWorker(main, module), {});
  const handler = module[start.name] as ConstructorParameters<typeof SubReactor>[1] | null;
  if (typeof handler !== "function" && (typeof handler !== "object" || handler === null)) {
    throw new TypeError(
      `Cannot serve as ${start.module} must export ${start.name} as a function* or a table of ` +
        `callbacks: current value is ${typeof handler}`,
    );
  }
  const reactor = new SubReactor(main, handler);
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
