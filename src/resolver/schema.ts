// SPDX-License-Identifier: MIT
/** Schemas of the resolver options, which options.ts documents. */
import * as z from "../validate/schema.ts";
import { checkOptions } from "../validate/options.ts";
import { parseIPZone } from "../net/addr/ip.ts";
import { AddrError } from "../net/addr/errors.ts";
import { splitHostPort } from "../net/addr/host_port.ts";
import type { ResolverDial, ResolverOptions } from "./options.ts";

/** Whether it is an IP address, with or without a port. */
function isServer(text: string): boolean {
  if (parseIPZone(text) !== null) return true;
  try {
    const { host, port } = splitHostPort(text);
    return parseIPZone(host) !== null && /^[0-9]{1,5}$/.test(port) && Number(port) <= 0xffff;
  } catch (error) {
    if (error instanceof AddrError) return false;
    throw error;
  }
}

const file = () => z.union([z.string(), z.strictObject({ text: z.string() })]);

function callable<F>(): z.Schema<F> {
  return z.custom<F>((value) => typeof value === "function", "must be a function");
}

const RESOLVER = z.options(() => ({
  mode: z.enum(["auto", "own", "host"]).optional(),
  servers: z.array(
    z.string().refine(isServer, "must be an IP address, with or without a port"),
  ).min(1, "must name a server").optional(),
  dial: callable<ResolverDial>().optional(),
  strictErrors: z.boolean().optional(),
  cache: z.union([
    z.boolean(),
    z.strictObject({
      size: z.int().positive().optional(),
      maxTTL: z.number().positive().optional(),
    }),
  ]).optional(),
  resolvConf: file().optional(),
  hosts: file().optional(),
  nsswitch: file().optional(),
  debug: callable<(line: string) => void>().optional(),
}));

/** Checks the options of a resolver. */
export function checkResolverOptions(options: ResolverOptions): ResolverOptions {
  return checkOptions("make a Resolver", RESOLVER, options);
}
