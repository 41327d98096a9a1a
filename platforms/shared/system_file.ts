// SPDX-License-Identifier: MIT
/** The small tables that a system keeps as text: its hosts, its services. */
import { os } from "../contract/host.ts";
import { jsRuntime } from "./js_runtime.ts";

/** Where they are. */
const FOLDER = os === "win32" ? "C:\\Windows\\System32\\drivers\\etc\\" : "/etc/";

/** Files that this library reads. */
export type SystemFile = "hosts" | "services" | "resolv.conf" | "nsswitch.conf" | "mdns.allow";

/** The path of one of them. */
export function systemPath(name: SystemFile): string {
  return FOLDER + name;
}

/** The text of one of them; null if it is not there, or may not be read. It is read at each call. */
export function systemFile(name: SystemFile): string | null {
  return jsRuntime().readText(systemPath(name));
}
