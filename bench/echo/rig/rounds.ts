// SPDX-License-Identifier: MIT
// Round robin: each round measures every server once per shape, one right after the other.
import type { Options } from "./options.ts";
import { cleanPairs, othersOf } from "./ratios.ts";
import { measure, type Sample } from "./samples.ts";
import type { Server } from "./servers.ts";
import type { Shape } from "./shapes.ts";

function line(sample: Sample, rounds: number): string {
  const rate = sample.failure === "" ? `${Math.round(sample.rate)}/s` : sample.failure;
  const disturbed = sample.clean ? "" : `, disturbed (others ${sample.others_cpu.toFixed(2)} CPU)`;
  const note = sample.failure === "" ? `${sample.place}${disturbed}` : "FAILED";
  const extra = sample.round > rounds;
  return [
    extra ? `extra round ${sample.round - rounds}` : `round ${sample.round}/${rounds}`,
    sample.shape.padEnd(7),
    sample.server.padEnd(20),
    rate.padStart(9),
    note,
  ].join("  ");
}

/** Servers that still lack clean pairs, and their counterparts. */
function lacking(samples: Sample[], { servers, needed }: Options): Server[] {
  const present = new Set(servers.map(({ id }) => id));
  const ids = servers.flatMap((server) => {
    const others = othersOf(server).filter((id) => present.has(id));
    const short = others.filter((id) => cleanPairs(samples, server.id, id) < needed);
    return short.length === 0 ? [] : [server.id, ...short];
  });
  return servers.filter(({ id }) => ids.includes(id));
}

/** The requested rounds measure all servers; extra rounds only the disturbed ones. */
function whoRuns(round: number, shape: Shape, samples: Sample[], options: Options): Server[] {
  if (round <= options.rounds) return options.servers;
  if (Date.now() > options.deadline) return [];
  return lacking(samples.filter((sample) => sample.shape === shape.id), options);
}

/** Each round begins with another server, so that none always follows the same one. */
export async function runRounds(options: Options): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= options.rounds + options.extra; round++) {
    for (const shape of options.shapes) {
      const servers = whoRuns(round, shape, samples, options);
      for (let i = 0; i < servers.length; i++) {
        const server = servers[(i + round - 1) % servers.length];
        const sample = await measure(server, shape, round, options);
        console.error(line(sample, options.rounds));
        samples.push(sample);
      }
    }
  }
  return samples;
}
