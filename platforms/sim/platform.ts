// SPDX-License-Identifier: MIT
/** A simulated host as a platform. Constants and address layouts are Linux's, on any system. */
import { type JsRuntime, type Platform, PlatformError } from "../contract/platform.ts";
import { ERRNO, errnoText } from "../linux/errno.ts";
import { SOCKADDR } from "../linux/structs.ts";
import { jsRuntime } from "../shared/js_runtime.ts";
import { SimDescriptors } from "./descriptors.ts";
import type { Kernel } from "./kernel.ts";
import { SimPackets } from "./packets.ts";
import { INTERFACES, SimSockets } from "./sockets.ts";
import { SimTransfers } from "./transfers.ts";
import { SimUnix } from "./unix.ts";

/** The runtime's interface in a simulation: all permissions are granted, and no file is read. */
function simulatedRuntime(resolvConf: () => string): JsRuntime {
  const real = jsRuntime();
  const runtime: JsRuntime = Object.create(real, {
    onUnload: { value: undefined },
    reloadsModules: { value: false },
    variable: { value: () => undefined },
    requireNet: { value: () => {} },
    permitsNet: { value: () => true },
    refuseDeniedNet: { value: () => {} },
    readText: {
      value: (path: string) => path.endsWith("resolv.conf") ? resolvConf() : null,
    },
    permitsRead: { value: () => true },
    closeFile: { value: () => false },
    requireUnixPath: { value: () => {} },
    requireUnixName: { value: () => {} },
  });
  return runtime;
}

/** Name resolution. */
export interface Names {
  /** See {@linkcode Platform.lookup}. */
  lookup(name: string): readonly string[] | null | undefined;
  /** Returns the text of resolv.conf(5). */
  resolvConf(): string;
}

/** Returns the platform of `kernel`. */
export function simulatedPlatform(
  kernel: Kernel,
  names: Names,
): Platform {
  const sockets = new SimSockets(kernel);
  return {
    os: "linux",
    pollerName: "sim",
    registerName: "epoll_ctl",
    runtime: simulatedRuntime(() => names.resolvConf()),
    sockaddr: SOCKADDR,
    interfaces: {
      indexOf: (name) => INTERFACES.indexOf(name) + 1,
      nameOf: (index) => INTERFACES[index - 1] ?? null,
    },
    sockets,
    rawSockets: sockets,
    transfers: new SimTransfers(sockets),
    packets: new SimPackets(kernel),
    unix: new SimUnix(kernel),
    descriptors: new SimDescriptors(kernel, sockets),
    errno: ERRNO,
    errnoText,
    openPoller: () => kernel.network.poller,
    openRawPoller: () => {
      throw new PlatformError("Cannot open a raw poller: it would stop the simulation", "sim");
    },
    hostWait: () => {
      throw new PlatformError("Cannot wait in the event loop of a simulated host", "sim");
    },
    wakeDescriptor: () => {
      kernel.network.poller.break();
      return 0;
    },
    lookup: (name) => names.lookup(name),
  };
}
