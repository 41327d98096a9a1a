// SPDX-License-Identifier: MIT
/** How real servers are started: each on a port of its own and in a temporary folder, as root. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "../support/child.ts";

/** Longest life of a server, in milliseconds. */
export const LIFETIME_MS = 120_000;
const FIXTURES = new URL("../fixtures/tls/", import.meta.url);

/** What all of them print once they accept connections. */
const READY =
  /ready (to accept|for) connections|Server listening on|mosquitto version .* running|using the .epoll. event/i;

/** A server that can be killed and started again on the same port, with the same data. */
export interface RealServer extends AsyncDisposable {
  readonly port: number;
  /** Port under TLS; 0 for a server that has none, or that negotiates it on its only port. */
  readonly tlsPort: number;
  /** Kills it as a crash would. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again. Resolves when it accepts connections. */
  restart(): Promise<void>;
}

/** A user of the system, by number. */
function user(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(spawnSync("id", [flag, name], { encoding: "utf8" }).stdout);
  return { uid: id("-u"), gid: id("-g") };
}

/** A folder for a server, with the key and certificate of the TLS tests. */
export class Folder {
  readonly path: string = mkdtempSync(join(tmpdir(), "netpoll-clients-"));
  readonly key: string = join(this.path, "key.pem");
  readonly cert: string = join(this.path, "cert.pem");

  constructor(owner: string) {
    copyFileSync(new URL("server.key.pem", FIXTURES), this.key);
    copyFileSync(new URL("server.cert.pem", FIXTURES), this.cert);
    chmodSync(this.key, 0o600);
    const { uid, gid } = user(owner);
    for (const path of [this.path, this.key, this.cert]) chownSync(path, uid, gid);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Runs a tool as `name`; it must succeed. */
export function runAs(name: string, file: string, args: string[]): void {
  const { status, stdout, stderr } = spawnSync("setpriv", asUser(name, file, args), {
    encoding: "utf8",
  });
  assert.equal(status, 0, `${file}: ${stdout}${stderr}`);
}

/** The arguments of setpriv(1), which becomes the program and keeps its process number. */
function asUser(name: string, file: string, args: string[]): string[] {
  return [`--reuid=${name}`, `--regid=${name}`, "--clear-groups", file, ...args];
}

/** Starts a server of user `name` that listens on `ports`. */
export async function serve(
  name: string,
  file: string,
  args: string[],
  ports: { port: number; tlsPort: number },
  folder: Folder,
): Promise<RealServer> {
  const begin = async () => {
    const child = start("setpriv", asUser(name, file, args), { lifetime: LIFETIME_MS });
    await Promise.race([child.stdout, child.stderr].map((output) => output.match(READY)));
    return child;
  };
  let child = await begin();
  const kill = () => child[Symbol.asyncDispose]();
  return {
    ...ports,
    kill,
    async restart() {
      child = await begin();
    },
    async [Symbol.asyncDispose]() {
      await kill();
      folder.remove();
    },
  };
}

/** Whether a connection can be made to a port of this machine. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
