// SPDX-License-Identifier: MIT
/** The small tables that a system keeps as text: its hosts, its services. */
import { platform as os } from "node:process";
import { jsRuntime } from "./js_runtime.ts";

/** Where they are. */
const FOLDER = os === "win32" ? "C:\\Windows\\System32\\drivers\\etc\\" : "/etc/";

/** The text of one of them; null if it is not there, or may not be read. It is read at each call. */
export function systemFile(name: "hosts" | "services"): string | null {
  return jsRuntime().readText(FOLDER + name);
}
