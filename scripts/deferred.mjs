// SPDX-License-Identifier: MIT
/**
 * Modules that Bun loads when they are first called.
 *
 * Bun spends a third of an import on them, as it compiles all classes of a module when it loads it.
 * So in the npm package's code for Bun, each of their functions is one that loads the module by Bun's
 * `require`, which `bun build` and esbuild follow. Deno has no `require`, and V8 compiles a function
 * when it is called.
 *
 * The name of such a file has the hash of its code and of all that it imports: after another version
 * has been installed in its place, a running program finds the file missing, and does not load half of
 * that version beside its own.
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

/**
 * Returns the code of a function that loads `name` by `load`. Bun's error has no code if it cannot
 * read the file, for example without a free descriptor; a later call tries again.
 */
function loader(name, load) {
  return `export function ${name}(...args) {
  let loaded;
  try {
    loaded = ${load};
  } catch (cause) {
    const error = new Error("Cannot load a file of netpoll: " + cause.message, { cause });
    throw Object.assign(error, { code: /^E[A-Z]+\\b/.exec(cause.message)?.[0] ?? cause.code });
  }
  return loaded.${name}(...args);
}`;
}

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
    const { file } = DEFERRED.find((deferred) => deferred.name === name);
    const options = { id: fileURLToPath(new URL(file, root)), preserveSignature: "strict" };
    const chunk = this.emitFile({ type: "chunk", name, ...options });
    return loader(name, `require(import.meta.ROLLUP_FILE_URL_${chunk})`);
  },
  /** The name of a deferred file. All files of the code are in one folder. */
  resolveFileUrl({ relativePath }) {
    return JSON.stringify(`./${relativePath}`);
  },
};
