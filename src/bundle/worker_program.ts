// SPDX-License-Identifier: MIT
/** The program of a worker's thread, which in a bundle is the user's module. */
import { nodeModule } from "../../platforms/contract/host.ts";
import { jsRuntime } from "../../platforms/shared/js_runtime.ts";

/** See {@linkcode workerProgram}. */
export interface WorkerProgram {
  readonly url: URL;
  /** The user's module. */
  readonly module: string;
  /**
   * Whether `url` is the user's module, which starts the worker: see the files bundled_worker.ts of the
   * reactor and of explorations.
   */
  readonly bundled: boolean;
}

/**
 * Returns what the thread of a worker of `module` begins with: `entry`, which lies beside the library's
 * files, or in a bundle, which has no other files of the library, the module itself.
 */
export function workerProgram(entry: URL, module: string): WorkerProgram {
  if (exists(entry) !== false) return { url: entry, module, bundled: false };
  const url = builtModule(new URL(module));
  return { url, module: url.href, bundled: true };
}

/** The error of a thread that ended without having begun the work; `part` is what it had to import. */
export function notStarted(module: string, part: "reactor" | "sim"): TypeError {
  return new TypeError(
    `Cannot start a worker of a bundle as ${module} does not import @netpoll/netpoll/${part}, ` +
      "which starts it there; or it is not part of the bundle",
  );
}

/** Returns where a module is: builds turn "handler.ts" into "handler.js", and leave its name in the code. */
export function builtModule(module: URL): URL {
  const script = new URL(module);
  script.pathname = script.pathname.replace(/\.[cm]?tsx?$/, ".js");
  return exists(module) === false && exists(script) === true ? script : module;
}

/** Whether a file exists; null if that is unknown: it is no local file, or must not be looked at. */
function exists(url: URL): boolean | null {
  if (url.protocol !== "file:") return null;
  const path = nodeModule("node:url").fileURLToPath(url);
  // Not of the platform, which would be opened: an exploration needs no FFI.
  return jsRuntime().permitsRead(path) ? nodeModule("node:fs").existsSync(path) : null;
}
