// SPDX-License-Identifier: MIT
/** HAProxy and nginx from Debian, each with a configuration of its own in a temporary folder. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, start } from "../support/child.ts";
import { accepts } from "./real_server.ts";

/** Longest life of a proxy, in milliseconds. */
const LIFETIME_MS = 120_000;

/** A temporary folder for sockets and files, removed at the end. */
export class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "netpoll-proxy-"));

  /** The path of a file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Starts HAProxy; `ready` is a port that it listens on and that no test counts connections of. */
export async function haproxy(
  folder: Folder,
  config: string,
  ready: number,
): Promise<AsyncDisposable> {
  const file = folder.file("haproxy.cfg");
  const head = `
global
  maxconn 200
defaults
  mode tcp
  timeout connect 20s
  timeout client 60s
  timeout server 60s
  timeout check 20s
frontend ready
  bind 127.0.0.1:${ready}
  tcp-request connection reject
`;
  writeFileSync(file, head + config);
  const child = start("haproxy", ["-db", "-f", file], { lifetime: LIFETIME_MS });
  await Promise.race([
    eventually("HAProxy listens", () => accepts(ready), 30_000),
    child.exit.then(() => {
      throw new Error(`HAProxy ended: ${child.stderr.text}`);
    }),
  ]);
  return child;
}

/** Starts nginx with these blocks; `ready` is as for HAProxy. */
export async function nginx(
  folder: Folder,
  blocks: string,
  ready: number,
): Promise<AsyncDisposable> {
  const file = folder.file("nginx.conf");
  const head = `
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
master_process off;
pid ${folder.file("nginx.pid")};
error_log stderr warn;
events {}
`;
  writeFileSync(file, `${head}${blocks}`);
  const child = start("nginx", ["-p", folder.path, "-c", file], { lifetime: LIFETIME_MS });
  await Promise.race([
    eventually("nginx listens", () => accepts(ready), 30_000),
    child.exit.then(() => {
      throw new Error(`nginx ended: ${child.stderr.text}`);
    }),
  ]);
  return child;
}
