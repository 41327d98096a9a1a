// SPDX-License-Identifier: MIT
/** Real servers from Debian. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, start } from "../support/child.ts";
import { freePort } from "../support/free_port.ts";
import { accepts, Folder, LIFETIME_MS, type RealServer, runAs, serve } from "./real_server.ts";

export type { RealServer } from "./real_server.ts";

/** PostgreSQL: user postgres, database postgres, no password; TLS by negotiation. */
export async function postgres(): Promise<RealServer> {
  const base = "/usr/lib/postgresql";
  const bin = join(base, readdirSync(base).sort().at(-1)!, "bin");
  const folder = new Folder("postgres");
  const data = join(folder.path, "data");
  runAs("postgres", join(bin, "initdb"), ["-D", data, "-A", "trust", "-U", "postgres", "-N"]);
  const port = await freePort();
  const settings = [
    "fsync=off",
    "ssl=on",
    `ssl_key_file=${folder.key}`,
    `ssl_cert_file=${folder.cert}`,
  ];
  const args = ["-D", data, "-h", "127.0.0.1", "-p", String(port), "-k", folder.path];
  for (const setting of settings) args.push("-c", setting);
  return await serve("postgres", join(bin, "postgres"), args, { port, tlsPort: 0 }, folder);
}

/** Redis, plain and under TLS. */
export async function redis(): Promise<RealServer> {
  const folder = new Folder("redis");
  const ports = { port: await freePort(), tlsPort: await freePort() };
  const args = ["--bind", "127.0.0.1", "--port", String(ports.port), "--save", ""];
  args.push("--dir", folder.path, "--tls-port", String(ports.tlsPort), "--tls-auth-clients", "no");
  args.push("--tls-cert-file", folder.cert, "--tls-key-file", folder.key);
  args.push("--tls-ca-cert-file", folder.cert);
  return await serve("redis", "redis-server", args, ports, folder);
}

/** MariaDB: user root, no password, database test. */
export async function mariadb(): Promise<RealServer> {
  const folder = new Folder("mysql");
  const data = join(folder.path, "data");
  const common = ["--no-defaults", `--datadir=${data}`];
  const method = "--auth-root-authentication-method=normal";
  runAs("mysql", "mariadb-install-db", [...common, method, "--skip-log-bin"]);
  const port = await freePort();
  const args = [...common, "--bind-address=127.0.0.1", `--port=${port}`];
  args.push(`--socket=${join(folder.path, "socket")}`, "--max-allowed-packet=64M");
  args.push(`--pid-file=${join(folder.path, "pid")}`, "--innodb-flush-log-at-trx-commit=0");
  return await serve("mysql", "/usr/sbin/mariadbd", args, { port, tlsPort: 0 }, folder);
}

/** Mosquitto, plain and under TLS; anybody may connect. */
export async function mosquitto(): Promise<RealServer> {
  const folder = new Folder("mosquitto");
  const ports = { port: await freePort(), tlsPort: await freePort() };
  const file = join(folder.path, "mosquitto.conf");
  const lines = [
    "allow_anonymous true",
    "max_queued_messages 0",
    "max_inflight_messages 0",
    `listener ${ports.port} 127.0.0.1`,
    `listener ${ports.tlsPort} 127.0.0.1`,
    `certfile ${folder.cert}`,
    `keyfile ${folder.key}`,
  ];
  writeFileSync(file, lines.join("\n") + "\n");
  return await serve("mosquitto", "/usr/sbin/mosquitto", ["-c", file], ports, folder);
}

/** OpenSSH's server, of the user postgres, which has a shell. The client's key is in `clientKey`. */
export async function openssh(): Promise<RealServer & { clientKey: string }> {
  const folder = new Folder("postgres");
  const [host, client] = ["host", "client"].map((name) => join(folder.path, name));
  for (const path of [host, client]) {
    runAs("postgres", "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);
  }
  const port = await freePort();
  const settings = [
    "ListenAddress=127.0.0.1",
    `HostKey=${host}`,
    `AuthorizedKeysFile=${client}.pub`,
    `PidFile=${join(folder.path, "pid")}`,
    "StrictModes=no",
    "UsePAM=no",
    "MaxStartups=100",
    "Subsystem=sftp internal-sftp",
  ];
  const args = ["-D", "-e", "-f", "/dev/null", "-p", String(port)];
  for (const setting of settings) args.push("-o", setting);
  const server = await serve("postgres", "/usr/sbin/sshd", args, { port, tlsPort: 0 }, folder);
  return Object.assign(server, { clientKey: readFileSync(client, "utf8") });
}

/**
 * nginx: HTTP/1.1 on the port, HTTP/2 on `h2Port`, either on the port under TLS. PUT keeps a file,
 * GET returns it, and /ws leads to the server of WebSockets at `websocket`.
 */
export async function nginx(websocket = 1): Promise<RealServer & { readonly h2Port: number }> {
  const folder = new Folder("www-data");
  const ports = {
    port: await freePort(),
    tlsPort: await freePort(),
    h2Port: await freePort(),
  };
  const file = join(folder.path, "nginx.conf");
  writeFileSync(file, nginxSettings(folder, ports, websocket));
  // The log of what it does is how it says that it is ready.
  const args = ["-c", file, "-e", "stderr", "-p", folder.path];
  const server = await serve("www-data", "/usr/sbin/nginx", args, ports, folder);
  return Object.assign(server, { h2Port: ports.h2Port });
}

function nginxSettings(
  { path, cert, key }: Folder,
  { port, tlsPort, h2Port }: { port: number; tlsPort: number; h2Port: number },
  websocket: number,
): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${path}/${name};`);
  return `daemon off; master_process off; pid ${path}/pid; error_log stderr notice;
    events { worker_connections 500; }
    http {
      access_log off; client_max_body_size 100m; keepalive_requests 100000; ${temporary.join(" ")}
      server {
        listen 127.0.0.1:${port}; listen 127.0.0.1:${tlsPort} ssl http2;
        listen 127.0.0.1:${h2Port} http2;
        ssl_certificate ${cert}; ssl_certificate_key ${key};
        location / { root ${path}/files; dav_methods PUT; create_full_put_path on; }
        location /ws {
          proxy_pass http://127.0.0.1:${websocket}; proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
        }
      }
    }`;
}

/** memcached, which forgets all with its end. */
export async function memcached(): Promise<RealServer> {
  const port = await freePort();
  const args = ["-l", "127.0.0.1", "-p", String(port), "-U", "0", "-u", "root", "-v"];
  let child = start("memcached", args, { lifetime: LIFETIME_MS });
  const listens = () => eventually("memcached listens", () => accepts(port), 30_000);
  await listens();
  const kill = () => child[Symbol.asyncDispose]();
  return {
    port,
    tlsPort: 0,
    kill,
    async restart() {
      child = start("memcached", args, { lifetime: LIFETIME_MS });
      await listens();
    },
    [Symbol.asyncDispose]: kill,
  };
}
