// SPDX-License-Identifier: MIT
/** Connections of every kind, for tests that are the same for all of them. */
import { type Conn, pipe, type Routine } from "../../mod.ts";
import { both, pair } from "./harness.ts";
import { tlsPair } from "./tls_pair.ts";

type Way = readonly [name: string, test: typeof both, connect: () => Routine<[Conn, Conn]>];

/** Returns ways to connect two ends, each with the runner of its tests; `tls` is that of TLS. */
export function waysToConnect(tls: typeof both): Way[] {
  return [
    ["a socket", both, () => pair()],
    ["TLS over a socket", tls, () => tlsPair()],
    ["a pipe", both, function* () {
      return pipe();
    }],
  ];
}
