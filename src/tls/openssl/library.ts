// SPDX-License-Identifier: MIT
/** Finds and initializes libssl and libcrypto of OpenSSL 3 or 4. */
import { nodeModule } from "../../../platforms/contract/host.ts";
import type { Library, LibraryNames } from "../../../platforms/contract/ffi.ts";
import { PlatformError } from "../../../platforms/contract/platform.ts";
import { platform } from "../../../platforms/platform.ts";
import { CRYPTO, CRYPTO_ADDRESSES, CRYPTO_BYTES, SSL, SSL_BYTES } from "./symbols.ts";

/** Library names for the dynamic linker. A process must load only one major version. */
const SONAMES = {
  linux: ["libssl.so.3", "libssl.so.4"],
  // The base system's, in FreeBSD 14 and 15.
  freebsd: ["libssl.so.30", "libssl.so.35"],
  // A bare name would find Apple's own library, which aborts a process that loads it.
  darwin: [],
  // A bare name would be searched for in directories that other users may write to.
  windows: [],
} as const;

/** Library directories of Linux distributions, for a Deno whose `--allow-ffi` lists files. */
const LINUX_FOLDERS = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/lib/x86_64-linux-gnu",
  "/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/lib64",
  "/usr/lib",
  "/lib",
  "/usr/local/lib",
];
const FREEBSD_FOLDERS = ["/usr/lib", "/usr/local/lib"];
/** Homebrew on arm64 and on x86-64, MacPorts. */
const DARWIN_PATHS = [
  "/opt/homebrew/opt/openssl@3/lib/libssl.3.dylib",
  "/usr/local/opt/openssl@3/lib/libssl.3.dylib",
  "/opt/homebrew/opt/openssl@4/lib/libssl.4.dylib",
  "/usr/local/opt/openssl@4/lib/libssl.4.dylib",
  "/opt/local/lib/libssl.3.dylib",
];

const OLDEST = 0x30000000;
/** OPENSSL_INIT_NO_LOAD_CONFIG: ignores OPENSSL_CONF and the system's openssl.cnf. */
const NO_LOAD_CONFIG = 0x80;
const OPENSSL_VERSION = 0;

/** OpenSSL, bound for this thread. */
export interface OpenSSL {
  readonly ssl: Library<typeof SSL>;
  readonly sslBytes: Library<typeof SSL_BYTES>;
  readonly crypto: Library<typeof CRYPTO>;
  readonly cryptoBytes: Library<typeof CRYPTO_BYTES>;
  readonly cryptoAddresses: Library<typeof CRYPTO_ADDRESSES>;
  /** Name or path under which libssl was found. */
  readonly path: string;
  /** "OpenSSL 3.0.19 27 Jan 2026". */
  readonly version: string;
}

/** Result of the first load on this thread; `path` is the requested one. */
let loaded: { path: string | undefined; openssl: OpenSSL } | null = null;
const failures = new Map<string | undefined, PlatformError>();

/**
 * Returns the library; loaded once per thread.
 *
 * @param path absolute path of libssl; by default the operating system's locations
 * @throws {PlatformError} if it is not found, too old, or not permitted
 * @throws {TypeError} if another one is already in use, or `path` is not absolute
 */
export function openssl(path?: string): OpenSSL {
  if (path !== undefined && !nodeModule("node:path").isAbsolute(path)) {
    throw new TypeError(
      `Cannot load libssl as its path must be absolute: current value is ${path}`,
    );
  }
  if (loaded !== null) {
    if (path === undefined || path === loaded.openssl.path) return loaded.openssl;
    throw new TypeError(
      `Cannot use libssl ${path} as this thread already uses another one: ${loaded.openssl.path}`,
    );
  }
  const failure = failures.get(path);
  if (failure !== undefined) throw failure;
  try {
    loaded = { path, openssl: open(path) };
    return loaded.openssl;
  } catch (error) {
    if (error instanceof PlatformError) failures.set(path, error);
    throw error;
  }
}

function open(path: string | undefined): OpenSSL {
  const { runtime } = platform();
  const library = names(path);
  const ssl = runtime.dlopen(library, SSL);
  const same: LibraryNames = exactly(ssl.path);
  const crypto = exactly(cryptoPath(ssl.path));
  const opened = {
    ssl: ssl.symbols,
    sslBytes: runtime.dlopen(same, SSL_BYTES).symbols,
    crypto: runtime.dlopen(crypto, CRYPTO).symbols,
    cryptoBytes: runtime.dlopen(crypto, CRYPTO_BYTES).symbols,
    cryptoAddresses: runtime.dlopen(crypto, CRYPTO_ADDRESSES).symbols,
    path: ssl.path,
  };
  if (opened.crypto.OpenSSL_version_num() < OLDEST) {
    throw new PlatformError(`Cannot use ${ssl.path}: OpenSSL 3.0 or later is needed`, ssl.path);
  }
  opened.ssl.OPENSSL_init_ssl(NO_LOAD_CONFIG, null);
  const text = new Uint8Array(new ArrayBuffer(256));
  const name = opened.crypto.OpenSSL_version(OPENSSL_VERSION);
  const length = opened.crypto.OPENSSL_strlcpy(text, name, text.length);
  return { ...opened, version: new TextDecoder().decode(text.subarray(0, length)) };
}

function names(path: string | undefined): LibraryNames {
  const title = "OpenSSL (libssl)";
  if (path !== undefined) return { title, names: [], paths: [path] };
  const { os } = platform();
  if (os === "windows") {
    throw new PlatformError(
      "Cannot find OpenSSL on Windows: set the option libssl to its path",
      "libssl",
    );
  }
  const sonames = SONAMES[os];
  const folders = os === "linux" ? LINUX_FOLDERS : os === "freebsd" ? FREEBSD_FOLDERS : [];
  const paths = os === "darwin"
    ? DARWIN_PATHS
    : sonames.flatMap((name) => folders.map((folder) => `${folder}/${name}`));
  return { title, names: sonames, paths, dispensable: true };
}

/**
 * Returns the already opened library. A bare name stays bare; a path stays only itself, as only
 * that is permitted.
 */
function exactly(path: string): LibraryNames {
  const bare = !nodeModule("node:path").isAbsolute(path);
  return { title: path, names: bare ? [path] : [], paths: bare ? [] : [path] };
}

/**
 * Returns the path of libcrypto. On other systems its symbols are found through libssl, which is
 * linked with it; Windows searches only one library, so this is the file beside it with the
 * corresponding name.
 */
function cryptoPath(path: string): string {
  return platform().os === "windows" ? path.replace(/libssl(?=[^\\/]*$)/i, "libcrypto") : path;
}
