// SPDX-License-Identifier: MIT
/** The order of the layers, which scripts/gates/layers.mjs enforces. */

/**
 * The layers, from bottom to top. A name is a directory or a file, and includes its contents unless
 * a longer name matches. A module may import from its own directory and from lower layers;
 * directories of one layer do not import each other.
 */
export const LAYERS = [
  ["platforms/contract"],
  ["platforms/bun", "platforms/deno"],
  ["platforms/shared"],
  ["platforms/posix"],
  ["platforms/linux", "platforms/bsd", "platforms/windows/abi"],
  ["platforms/darwin", "platforms/freebsd", "platforms/windows/iocp"],
  ["platforms/windows/socket"],
  ["platforms/windows/afd"],
  ["platforms/windows", "platforms/sim"],
  ["platforms/platform.ts"],
  ["src/validate", "src/bundle"],
  ["src/sched"],
  ["src/netpoll", "src/chan"],
  ["src/context", "src/time"],
  ["src/sync", "src/fd"],
  ["src/diag", "src/signal"],
  ["src/net/addr"],
  ["src/net"],
  ["src/net/options"],
  ["src/net/resolve", "src/net/socket"],
  ["src/net/tcp", "src/net/unix"],
  ["src/net/udp"],
  ["src/net/io", "src/net/proxyproto"],
  ["src/bufio", "src/net/file", "src/net/dial.ts", "src/net/listen.ts", "src/net/listen_packet.ts"],
  ["src/poll", "src/resolver", "src/connpool", "src/retry", "src/sim"],
  ["src/bridge", "src/event/api", "src/limit"],
  ["src/tls", "src/event/conn", "src/serve", "src/debug"],
  ["src/worker", "src/event/udp", "src/proxydial"],
  ["src/pool", "src/event"],
  ["src/reactor", "lint"],
  ["mod.ts", "poll.ts", "event.ts", "reactor.ts", "sim.ts", "debug.ts", "lint.ts"],
];

/**
 * Parts of `platforms` that the rest of the package may import: the others are specific to one
 * system.
 */
export const OPEN_PLATFORMS = [
  "platforms/platform.ts",
  "platforms/contract",
  "platforms/shared",
  "platforms/sim",
];
