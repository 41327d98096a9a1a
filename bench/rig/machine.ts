// SPDX-License-Identifier: MIT
// Describes the machine, without its name or paths.
import { arch, cpus, platform, release } from "node:os";
import { versionLine } from "./tools.ts";
import { BUN, DENO } from "./paths.ts";

export interface Machine {
  date: string;
  cpu: string;
  cores: number;
  kernel: string;
  versions: Record<string, string>;
}

/** Returns "1.19.8" from "go version go1.19.8 linux/amd64". */
function objectId(line: string | null): string {
  return /\d+\.\d+(\.\d+)?/.exec(line ?? "")?.[0] ?? "none";
}

export function describeMachine(): Machine {
  const version = (program: string) => objectId(versionLine(program));
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    kernel: `${platform()} ${release()} ${arch()}`,
    versions: {
      bun: version(BUN),
      deno: version(DENO),
      go: version("go"),
      gcc: version("gcc"),
      node: version("node"),
    },
  };
}

export function machineLine({ date, cpu, cores, kernel, versions }: Machine): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
  return `${date}; ${cpu}, ${cores} cores; ${kernel}; ${list}.`;
}
