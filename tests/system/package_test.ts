// SPDX-License-Identifier: MIT
/**
 * The package as npm has it: JavaScript and declarations, because Deno runs no TypeScript from
 * `node_modules`. It is packed, unpacked where an application would have it, and used. What it
 * depends on is this repository's.
 */
import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { isDeno, ROOT, start } from "../support/child.ts";

/** Longest that a test here may take, in milliseconds: the package is compiled. */
const TIMEOUT_MS = 300_000;

/** An application: each sub-path is used, and so is each file that is loaded by its URL alone. */
const FILES = {
  "package.json": `{ "type": "module" }`,
  "tsconfig.json": `{
    "compilerOptions": {
      "target": "esnext", "module": "nodenext", "strict": true, "noEmit": true,
      "allowImportingTsExtensions": true, "lib": ["esnext", "dom"], "types": ["node"]
    },
    "files": ["app.ts"]
  }`,
  // Without the types of Node, and with every declaration checked.
  "strict.json": `{
    "compilerOptions": {
      "target": "esnext", "module": "nodenext", "strict": true, "noEmit": true,
      "skipLibCheck": false, "lib": ["esnext", "dom"], "types": []
    },
    "files": ["strict.ts"]
  }`,
  "strict.ts": `
    import * as netpoll from "@netpoll/netpoll";
    import * as poll from "@netpoll/netpoll/poll";
    import * as event from "@netpoll/netpoll/event";
    import * as reactor from "@netpoll/netpoll/reactor";
    import lint from "@netpoll/netpoll/lint";

    // A network that is chosen at run time makes a stream.
    export function* connect(network: netpoll.StreamNetwork): netpoll.Routine<netpoll.Conn> {
      return yield* netpoll.dial(network, "127.0.0.1:1");
    }
    export const entries = [netpoll, poll, event, reactor, lint];
  `,
  "node.mjs": `
    import { ObjectPool, run } from "@netpoll/netpoll";
    console.log("imported", typeof run, typeof ObjectPool);
    await run(function* () {});
  `,
  "simulated.ts": `
    import { gosched, type Routine } from "@netpoll/netpoll";
    export default function* main(): Routine<void> {
      yield* gosched();
    }
  `,
  // Each call needs code that Bun does not load with the package, but at the first call.
  "seldom.ts": `
    import { listen, Resolver, run, tlsInfo, tlsListen, TLSUnsupportedError } from "@netpoll/netpoll";

    await run(function* () {
      console.log(tlsInfo().engine.length > 0, yield* new Resolver().lookupHost("127.0.0.1"));
      using listener = yield* listen("tcp", "127.0.0.1:0", { proxyProtocol: { trusted: ["127.0.0.1"] } });
      console.log(listener.addr.network);
      const [cert, key] = [process.env.CERT!, process.env.KEY!];
      using secure = yield* tlsListen("tcp", "127.0.0.1:0", { cert, key });
      console.log(secure.addr.network);
      try {
        yield* tlsListen("tcp", "127.0.0.1:0", { engine: "host", cert, key, keyLog: () => {} });
      } catch (error) {
        console.log(error instanceof TLSUnsupportedError);
      }
    });
  `,
  // Without a free descriptor, no file can be read; with one, the next call reads it.
  "exhausted.ts": `
    import { closeSync, openSync } from "node:fs";
    import { dial, OpError, Resolver, run } from "@netpoll/netpoll";

    await run(function* () {
      const taken: number[] = [];
      try {
        for (;;) taken.push(openSync("/dev/null", "r"));
      } catch {
        // None is left.
      }
      try {
        yield* dial("tcp", "name.invalid:1");
      } catch (error) {
        console.log(error instanceof OpError, (error as OpError).code);
      }
      taken.forEach((fd) => closeSync(fd));
      console.log((yield* new Resolver().lookupHost("127.0.0.1")).join());
    });
  `,
  // Another version is installed while the program runs: files whose names have a hash get new ones.
  "upgraded.ts": `
    import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
    import { dial, OpError, run } from "@netpoll/netpoll";

    await run(function* () {
      const js = process.env.JS!;
      const files = readdirSync(js);
      const hash = /-.{8}(?=\\.js)/;
      for (const file of files) {
        const text = files.reduce((text, name) =>
          text.replaceAll(name, name.replace(hash, "-anotherV")), readFileSync(js + file, "utf8"));
        rmSync(js + file);
        writeFileSync(js + file.replace(hash, "-anotherV"), text);
      }
      try {
        yield* dial("tcp", "name.invalid:1", { timeout: 100 });
      } catch (error) {
        console.log(error instanceof OpError, (error as OpError).code);
      }
    });
  `,
  "jobs.ts": `export const double = (n: number): number => 2 * n;`,
  "app.ts": `
    import { type Conn, dial, errors, go, listen, type Routine, run, sleep } from "@netpoll/netpoll";
    import { openPoller } from "@netpoll/netpoll/poll";
    import { serve } from "@netpoll/netpoll/event";
    import { openPool } from "@netpoll/netpoll/reactor";
    import { explore } from "@netpoll/netpoll/sim";

    openPoller().close();
    await run(function* (): Routine<void> {
      using listener = yield* listen("tcp", "127.0.0.1:0");
      const dialling = go(() => dial("tcp", String(listener.addr)));
      using accepted = yield* listener.accept();
      using conn: Conn = yield* dialling.join();
      go(function* (): Routine<void> {
        yield* sleep(20); // So long that the host's loop waits.
        yield* conn.write(new Uint8Array([1, 2, 3]));
      });
      const n: number | null = yield* accepted.read(new Uint8Array(9));
      using pool = yield* openPool<typeof import("./jobs.ts")>(
        new URL("./jobs.ts", import.meta.url), { workers: 1 });
      const doubled: number = yield* pool.submit("double", 21);
      console.log(n, doubled);
    });
    const { runs } = await explore({ runs: 10, workers: 2, strategies: ["random"] },
      new URL("./simulated.ts", import.meta.url));
    console.log("simulated", runs);
    await run(() => serve({ serving: () => "shutdown" }, "tcp://127.0.0.1:0"));
    try {
      await run(() => dial("tcp", "127.0.0.1:1"));
    } catch (error) {
      console.log(error instanceof errors.ConnectionRefused);
    }
  `,
};

/** Runs a tool that must succeed. Returns its output. */
async function output(file: string, ...args: string[]): Promise<string> {
  await using child = start(file, args, { lifetime: TIMEOUT_MS });
  const exit = await child.exit;
  const { stdout, stderr } = child;
  assert.deepEqual(exit, { code: 0, signal: null }, `${file}: ${stdout.text}${stderr.text}`);
  return stdout.text;
}

/** The packed package, made once. */
let packed: Promise<string> | null = null;
const packFolder = mkdtempSync(join(tmpdir(), "netpoll-packed-"));
after(() => rmSync(packFolder, { recursive: true }));

async function pack(): Promise<string> {
  const to = ["--pack-destination", packFolder];
  const [{ filename }] = JSON.parse(await output("npm", "pack", "--json", "--silent", ...to));
  return join(packFolder, filename);
}

/** Has an application around the packed package in `folder`. */
async function install(folder: string): Promise<void> {
  const archive = await (packed ??= pack());
  const modules = join(folder, "node_modules");
  const installed = join(modules, "@netpoll", "netpoll");
  mkdirSync(installed, { recursive: true });
  for (const scope of ["@deno", "@types"]) mkdirSync(join(modules, scope));
  await output("tar", "-xzf", archive, "-C", installed, "--strip-components=1");
  const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  for (const name of [...Object.keys(dependencies), "@types/node"]) {
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
}

/** Has the package in an application for `use`. */
async function installed(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-package-"));
  try {
    await install(folder);
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test(
  "an application uses the published package",
  { timeout: TIMEOUT_MS },
  () =>
    installed(async (folder) => {
      await output("npx", "tsc", "-p", folder);
      // Neither skipLibCheck nor @types/node is needed.
      await output("npx", "tsc", "-p", join(folder, "strict.json"));
      const app = join(folder, "app.ts");
      const printed = await output(process.execPath, ...isDeno ? ["run", "-A", app] : [app]);
      assert.equal(printed, "3 42\nsimulated 10\ntrue\n");
      // Node names the cause at the first use, and not that it cannot parse some line.
      await using node = start("node", [join(folder, "node.mjs")]);
      assert.notEqual((await node.exit).code, 0);
      assert.match(node.stderr.text, /Error: netpoll runs on Bun and Deno, not on Node, because/);
      assert.doesNotMatch(node.stderr.text, /SyntaxError/);
      assert.match(node.stderr.text, /node\.mjs:4\b/);
      assert.equal(node.stdout.text, "imported function function\n");
    }),
);

/** Bundles `program` by `bun build`, or by esbuild for Deno, and returns the file. */
async function bundled(folder: string, program: string): Promise<string> {
  const [out, modules] = [join(folder, "bundle.mjs"), join(ROOT, "node_modules")];
  if (isDeno) {
    const external = ["node:*", "@deno/shim-deno"].map((name) => `--external:${name}`);
    const options = ["--bundle", "--format=esm", "--platform=neutral", ...external];
    await output(join(modules, ".bin/esbuild"), program, ...options, `--outfile=${out}`);
  } else {
    await output(process.execPath, "build", program, "--target=bun", `--outfile=${out}`);
  }
  return out;
}

test("code that Bun loads late is found in the package, and in a bundle without it", {
  timeout: TIMEOUT_MS,
}, () =>
  installed(async (folder) => {
    const pem = (kind: string) =>
      readFileSync(join(ROOT, `tests/fixtures/tls/server.${kind}.pem`), "utf8");
    const options = { lifetime: TIMEOUT_MS, env: { CERT: pem("cert"), KEY: pem("key") } };
    const program = join(folder, "seldom.ts");
    const bundle = await bundled(folder, program);
    for (const file of [program, bundle]) {
      if (file === bundle) rmSync(join(folder, "node_modules", "@netpoll"), { recursive: true });
      await using child = start(process.execPath, isDeno ? ["run", "-A", file] : [file], options);
      assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr.text);
      assert.match(child.stdout.text, /^true \[ "127\.0\.0\.1" \]\ntcp\ntcp\ntrue\n$/);
    }
  }));

test("code that Bun loads late and cannot read is an error of the call, which can be repeated", {
  timeout: TIMEOUT_MS,
}, () =>
  installed(async (folder) => {
    const command = [
      process.execPath,
      ...isDeno ? ["run", "-A"] : [],
      join(folder, "exhausted.ts"),
    ];
    const printed = await output("sh", "-c", `ulimit -n 100; exec ${command.join(" ")}`);
    assert.equal(printed, "true EMFILE\n127.0.0.1\n");
  }));

test("a program never loads code of another version that was installed while it ran", {
  timeout: TIMEOUT_MS,
}, () =>
  installed(async (folder) => {
    const dist = join(folder, "node_modules", "@netpoll", "netpoll", "dist");
    const env = { JS: join(dist, isDeno ? "js" : "bun/js", "/") };
    const program = join(folder, "upgraded.ts");
    await using child = start(process.execPath, isDeno ? ["run", "-A", program] : [program], {
      lifetime: TIMEOUT_MS,
      env,
    });
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr.text);
    // Deno has loaded all of it at the import: there the lookup itself fails, in any way.
    assert.match(child.stdout.text, isDeno ? /^true / : /^true ENOENT\n$/);
  }));

test(
  "errors that are constants have a module of their own, as Deno takes its length in time for them",
  { timeout: TIMEOUT_MS },
  () =>
    installed((folder) => {
      const js = join(folder, "node_modules", "@netpoll", "netpoll", "dist", "js");
      const chunks = readdirSync(js).map((name) => readFileSync(join(js, name), "utf8"));
      const made = chunks.filter((text) => text.includes('"context deadline exceeded"'));
      assert.equal(made.length, 1);
      assert.ok(made[0].length < 10_000, `${made[0].length} bytes`);
      return Promise.resolve();
    }),
);

/** Programs to be copied, with what each prints first, and whether that is all. */
const PROGRAMS: [name: string, args: string[], first: RegExp][] = [
  ["proxy", [], /^listening on 127\.0\.0\.1:\d+, for 127\.0\.0\.1:8000$/m],
  ["chat", [], /^listening on 127\.0\.0\.1:\d+$/m],
  ["statsd", [], /^listening on 127\.0\.0\.1:\d+$/m],
  ["memcached", [], /dial tcp 127\.0\.0\.1:1: .*refused/],
];

test("the example programs run unchanged beside the package", {
  timeout: TIMEOUT_MS,
}, () =>
  installed(async (folder) => {
    for (const kind of ["cert", "key"]) {
      const file = join(ROOT, `tests/fixtures/tls/server.${kind}.pem`);
      copyFileSync(file, join(folder, `${kind}.pem`));
    }
    for (const [name, args, first] of PROGRAMS) {
      const source = readFileSync(join(ROOT, `examples/${name}.ts`), "utf8");
      assert.ok(
        source.split("\n").length <= 200,
        `${name}.ts has ${source.split("\n").length} lines`,
      );
      assert.doesNotMatch(source, /from "\./, "what is copied imports no file");
      writeFileSync(join(folder, `${name}.ts`), source);
      const run = [...isDeno ? ["run", "-A"] : [], join(folder, `${name}.ts`), ...args];
      const env = {
        LISTEN: "127.0.0.1:0",
        MEMCACHED: "127.0.0.1:1",
        CERT: join(folder, "cert.pem"),
      };
      await using child = start(process.execPath, run, {
        env: { ...env, KEY: join(folder, "key.pem") },
      });
      await Promise.any([child.stdout.match(first), child.stderr.match(first)]);
      child.kill("SIGTERM");
      await child.exit;
    }
  }));
