// SPDX-License-Identifier: MIT
/**
 * Tests of TLS, each with both engines: with OpenSSL under `run` and `runSync`, with the host's
 * under `run`.
 */
import {
  type Routine,
  type TLSConn,
  tlsDial as dial,
  type TLSDialOptions,
  type TLSEngineName,
  tlsInfo,
  tlsListen as listen,
  type TLSListener,
  type TLSListenOptions,
} from "../../mod.ts";
import process from "node:process";
import { openssl } from "../../src/tls/openssl/library.ts";
import type { TCPNetwork } from "../../src/net/resolve/resolve.ts";
import { both, only } from "./harness.ts";

/**
 * Another libssl than the system's, for scripts/openssl.sh: it is loaded first, and a thread has
 * one.
 */
const libssl = process.env.NETPOLL_LIBSSL;
if (libssl !== undefined) console.log(openssl(libssl).version);

/** Why tests of OpenSSL are skipped, if they are: on Windows, which has none, or where it is missing. */
export const noOpenSSL: string | false = tlsInfo().engine !== "openssl" && tlsInfo().reason;

let current: TLSEngineName = noOpenSSL ? "host" : "openssl";

/** The engine of the test that runs. */
export function engine(): TLSEngineName {
  return current;
}

/** Tests `main` with both engines. */
export function tlsTest(
  name: string,
  main: () => Routine<void>,
  skip: string | false = false,
): void {
  openSSLTest(name, main, skip);
  hostTest(name, main, skip);
}

/** Tests `main` with OpenSSL alone, under `run` and `runSync`. */
export function openSSLTest(
  name: string,
  main: () => Routine<void>,
  skip: string | false = false,
): void {
  both(`openssl: ${name}`, by("openssl", main), skip || noOpenSSL);
}

/** Tests `main` with the engine of the runtime alone, which needs its loop. */
export function hostTest(
  name: string,
  main: () => Routine<void>,
  skip: string | false = false,
): void {
  only("run", `host: ${name}`, by("host", main), skip);
}

/** `main` with `engine`. */
export function by(engine: TLSEngineName, main: () => Routine<void>): () => Routine<void> {
  return function* () {
    current = engine;
    yield* main();
  };
}

/** `tlsDial` with the engine of the test. */
export function tlsDial(
  network: TCPNetwork,
  address: string,
  options: TLSDialOptions = {},
): Routine<TLSConn> {
  return dial(network, address, { engine: current, ...options });
}

/** `tlsListen` with the engine of the test. */
export function tlsListen(
  network: TCPNetwork,
  address: string,
  options: TLSListenOptions,
): Routine<TLSListener> {
  return listen(network, address, { engine: current, ...options });
}
