// SPDX-License-Identifier: MIT
// Contestants of the three contests.
import { BUN, compiled, DENO, inRepository } from "../rig/paths.ts";

export type Contest = "redis" | "http" | "connections";

export interface Contestant {
  /** ID for `--only`. */
  id: string;
  title: string;
  contest: Contest;
  /**
   * The program and its arguments; PORT is in the environment, and is replaced in the arguments.
   */
  command: string[];
}

/** Prefixes of the library's own IDs. */
const OURS: Record<Contest, [goroutines: string, events: string]> = {
  redis: ["examples/redis.ts", "examples/event_redis.ts"],
  http: ["examples/http.ts", "examples/event_http.ts"],
  connections: ["bench/echo/netpoll.ts", "examples/event_echo.ts"],
};

function underDeno(file: string): string[] {
  return [DENO, "run", "--quiet", "--no-check", "--no-prompt", "-A", inRepository(file)];
}

/** The library on both runtimes, in both forms. */
function ours(contest: Contest): Contestant[] {
  const [goroutines, events] = OURS[contest];
  return (["bun", "deno"] as const).flatMap((runtime) =>
    [["go", goroutines], ["event", events]].map(([form, file]) => ({
      id: `${contest}-${runtime}-${form}`,
      title: `netpoll, ${runtime === "bun" ? "Bun" : "Deno"}, ${
        form === "go" ? "goroutines" : "events"
      }`,
      contest,
      command: runtime === "bun" ? [BUN, inRepository(file)] : underDeno(file),
    }))
  );
}

export const REDIS_SERVER = "redis-server";
export const GO_HTTP = "http-go";
export const C_HTTP = "http-c";
export const BUN_SERVE = "http-bun-serve";
export const DENO_SERVE = "http-deno-serve";
export const GO_ECHO = "connections-go";
export const C_ECHO = "connections-c";

const REDIS = ["redis-server", "--bind", "127.0.0.1", "--port", "PORT"];

export const CONTESTANTS: Contestant[] = [
  ...ours("redis"),
  {
    id: REDIS_SERVER,
    title: "redis-server",
    contest: "redis",
    command: [...REDIS, "--save", "", "--appendonly", "no"],
  },
  ...ours("http"),
  {
    id: BUN_SERVE,
    title: "Bun.serve",
    contest: "http",
    command: [BUN, inRepository("bench/servers/bun_serve.ts")],
  },
  {
    id: DENO_SERVE,
    title: "Deno.serve",
    contest: "http",
    command: underDeno("bench/servers/deno_serve.ts"),
  },
  {
    id: "http-node",
    title: "node:http, Node",
    contest: "http",
    command: ["node", inRepository("bench/servers/node_http.mjs")],
  },
  { id: GO_HTTP, title: "Go, net/http", contest: "http", command: [compiled("servers-go")] },
  {
    id: C_HTTP,
    title: "C, a constant answer",
    contest: "http",
    command: [compiled("servers-c")],
  },
  ...ours("connections"),
  { id: GO_ECHO, title: "Go, net", contest: "connections", command: [compiled("echo-go")] },
  { id: C_ECHO, title: "C, epoll", contest: "connections", command: [compiled("echo-epoll")] },
];
