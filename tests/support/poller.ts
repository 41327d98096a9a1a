// SPDX-License-Identifier: MIT
/**
 * Chooses the poller that the tests run over. With NETPOLL_POLLER=kqueue that is the kqueue adapter
 * over libkqueue, on Linux; otherwise the system's own. To be imported before anything that opens a
 * descriptor, in every thread: what is open stays with the platform that opened it.
 */
import process from "node:process";
import { exchangePlatform } from "../../platforms/platform.ts";
import type { Platform } from "../../platforms/contract/platform.ts";
import { overLibkqueue } from "./libkqueue/platform.ts";

let opened: Platform | undefined;

if (process.env.NETPOLL_POLLER === "kqueue") {
  exchangePlatform(() => opened ??= overLibkqueue());
}
