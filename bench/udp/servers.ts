// SPDX-License-Identifier: MIT
// Servers of the UDP echo. PORT in a command is replaced by the port.
import { BUN, compiled, DENO, inRepository } from "../rig/paths.ts";

/** A server of the comparison. */
export interface Server {
  readonly id: string;
  readonly title: string;
  readonly command: readonly string[];
}

const source = (name: string) => inRepository("bench", "udp", name);
const deno = (...rest: string[]) => [DENO, "run", "-A", "--quiet", "--no-check", ...rest];

/** Forms of the library's server, see netpoll.ts. */
const FORMS = {
  run: "run",
  runSync: "runSync",
  coalesce: "run, coalesce",
  event: "event",
};

function netpoll(runtime: "Bun" | "Deno", form: keyof typeof FORMS): Server {
  const rest = [source("netpoll.ts"), "PORT", form];
  return {
    id: `netpoll-${runtime.toLowerCase()}-${form.toLowerCase()}`,
    title: `netpoll, ${runtime}, ${FORMS[form]}`,
    command: runtime === "Bun" ? [BUN, ...rest] : deno(...rest),
  };
}

/** The first is the baseline. */
export const SERVERS: readonly Server[] = [
  { id: "c-single", title: "C, a call each", command: [compiled("udp-server"), "PORT", "single"] },
  { id: "c-batch", title: "C, recvmmsg", command: [compiled("udp-server"), "PORT", "batch"] },
  { id: "go", title: "Go, net", command: [compiled("udp-go"), "PORT"] },
  { id: "bun-udpsocket", title: "Bun.udpSocket", command: [BUN, source("bun.ts"), "PORT"] },
  {
    id: "deno-listendatagram",
    title: "Deno.listenDatagram",
    command: deno("--unstable-net", source("deno.ts"), "PORT"),
  },
  { id: "node-dgram", title: "node:dgram, Node", command: ["node", source("node.mjs"), "PORT"] },
  ...(["Bun", "Deno"] as const).flatMap((runtime) =>
    (Object.keys(FORMS) as (keyof typeof FORMS)[]).map((form) => netpoll(runtime, form))
  ),
];
