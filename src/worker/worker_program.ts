// SPDX-License-Identifier: MIT
/** The program of a worker's thread. */
import { moduleBeside, nodeModule } from "../../platforms/contract/host.ts";
import { platform } from "../../platforms/platform.ts";

/** See {@linkcode workerProgram}. */
export interface WorkerProgram {
  readonly url: URL;
  /** The user's module. */
  readonly module: string;
  /** Whether `url` is the user's module, which starts the worker: see bundled_worker.ts. */
  readonly bundled: boolean;
}

/**
 * Returns what the thread of a worker of `module` begins with: worker_entry.ts, which lies beside the
 * library's files, or in a bundle, which has no other files of the library, the module itself.
 */
export function workerProgram(module: string): WorkerProgram {
  const entry = moduleBeside(import.meta.url, "../reactor/worker_entry");
  if (exists(entry) !== false) return { url: entry, module, bundled: false };
  const url = built(new URL(module));
  return { url, module: url.href, bundled: true };
}

/** The error of a thread that ended without having begun the work. */
export function notStarted(module: string): TypeError {
  return new TypeError(
    `Cannot start a worker of a bundle as ${module} does not import @netpoll/netpoll/reactor, ` +
      "which starts it there; or it is not part of the bundle",
  );
}

/** Builds turn "handler.ts" into "handler.js", and leave its name in the code. */
function built(module: URL): URL {
  const script = new URL(module);
  script.pathname = script.pathname.replace(/\.[cm]?tsx?$/, ".js");
  return exists(module) === false && exists(script) === true ? script : module;
}

/** Whether a file exists; null if that is unknown: it is no local file, or must not be looked at. */
function exists(url: URL): boolean | null {
  if (url.protocol !== "file:") return null;
  const path = nodeModule("node:url").fileURLToPath(url);
  return platform().runtime.permitsRead(path) ? nodeModule("node:fs").existsSync(path) : null;
}
