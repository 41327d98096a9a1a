// SPDX-License-Identifier: MIT
/**
 * Modules that Bun loads when they are first called.
 *
 * Bun spends a third of an import on them, as it compiles all classes of a module when it loads it.
 * So in the npm package's code for Bun, each of their functions is one that loads the module by Bun's
 * `require`, which bundlers follow. Deno has no `require`, and V8 compiles a function when it is called.
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./tools.mjs";

/** Each function with its module, and the modules that call it. */
export const DEFERRED = [
  ["darwin", "platforms/darwin/platform.ts", ["platforms/platform.ts"]],
  ["freebsd", "platforms/freebsd/platform.ts", ["platforms/platform.ts"]],
  ["windows", "platforms/windows/platform.ts", ["platforms/platform.ts"]],
  ["denoRuntime", "platforms/deno/runtime.ts", ["platforms/shared/js_runtime.ts"]],
  ["openSSLEngine", "src/tls/openssl/engine.ts", ["src/tls/choose_engine.ts"]],
  ["openssl", "src/tls/openssl/library.ts", ["src/tls/tls_info.ts"]],
  ["hostEngine", "src/tls/host_engine.ts", ["src/tls/choose_engine.ts"]],
  ["hostLookup", "src/resolver/host_lookup.ts", ["src/resolver/resolver.ts"]],
  ["headerGate", "src/net/proxyproto/header_gate.ts", [
    "src/net/listen.ts",
    "src/net/file/file.ts",
  ]],
].map(([name, file, callers]) => ({ name, file, callers }));

/** Prefix of a module that only loads another. */
const LOADS = "\0loads ";

/** Rollup plugin: the callers import a function that loads the deferred module. */
export const defer = {
  name: "defer",
  resolveId: {
    order: "pre",
    async handler(specifier, importer) {
      if (importer === undefined || specifier.startsWith(LOADS)) return null;
      const { id } = await this.resolve(specifier, importer, { skipSelf: true }) ?? {};
      const within = (path) => relative(fileURLToPath(root), path).replaceAll("\\", "/");
      const found = DEFERRED.find(({ file }) => id !== undefined && file === within(id));
      return found?.callers.includes(within(importer)) ? LOADS + found.name : null;
    },
  },
  load(id) {
    if (!id.startsWith(LOADS)) return null;
    const name = id.slice(LOADS.length);
    // All files of the code are in one folder.
    return `export const ${name} = (...args) => require("./${name}.js").${name}(...args);`;
  },
};
