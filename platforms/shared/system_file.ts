// SPDX-License-Identifier: MIT
/** Small text files of the system: hosts, services, resolver configuration. */
import { os } from "../contract/host.ts";
import { jsRuntime } from "./js_runtime.ts";

/** Their directory. */
const FOLDER = os === "win32" ? "C:\\Windows\\System32\\drivers\\etc\\" : "/etc/";

/** Files that this library reads. */
export type SystemFile = "hosts" | "services" | "resolv.conf" | "nsswitch.conf" | "mdns.allow";

/** Returns the path of a system file. */
export function systemPath(name: SystemFile): string {
  return FOLDER + name;
}

/**
 * Returns the text of a system file; null if it does not exist or may not be read. Reads it at each
 * call.
 */
export function systemFile(name: SystemFile): string | null {
  return jsRuntime().readText(systemPath(name));
}
