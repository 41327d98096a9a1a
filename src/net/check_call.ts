// SPDX-License-Identifier: MIT
/** Argument checks of `listen`, `listenPacket` and `dial`, for callers without types. */
import { atCaller, RESUME } from "../validate/caller.ts";
import { shown } from "../validate/argument.ts";
import { UnknownNetworkError } from "./addr/errors.ts";
import { OpError } from "./errors.ts";

/** Throws TypeError if the address is a port number, or does not include its port. */
export function checkAddress(call: string, address: unknown, options: unknown): void {
  if (typeof address !== "string") {
    const cure = typeof address === "number"
      ? `; write "127.0.0.1:${address}", or ":${address}" for every address of this machine`
      : "";
    throw atCaller(
      new TypeError(
        `Cannot ${call} as address must be a string "host:port": current value is ${
          shown(address)
        }${cure}`,
      ),
      RESUME,
    );
  }
  if (typeof options === "number" || typeof options === "string") {
    throw atCaller(
      new TypeError(
        `Cannot ${call} as options must be an object: current value is ${options}; ` +
          `host and port are one string: "${address}:${options}"`,
      ),
      RESUME,
    );
  }
}

/** Throws OpError if `network` is one that the function `other` handles. */
export function checkNetwork(
  network: string,
  kind: "streams" | "datagrams",
  other: string,
): void {
  // A value that is not a string is rejected when it is resolved.
  if (typeof network !== "string") return;
  const datagrams = /^udp[46]?$|^unixgram$/.test(network);
  const streams = /^tcp[46]?$|^unix(packet)?$/.test(network);
  if (kind === "streams" ? !datagrams : !streams) return;
  const cause = new UnknownNetworkError(
    network,
    `it has no ${kind}, use ${other}("${network}", address)`,
  );
  throw atCaller(new OpError("listen", network, null, null, cause), RESUME);
}
