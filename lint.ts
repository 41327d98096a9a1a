// SPDX-License-Identifier: MIT
/**
 * Lint rules for programs that use the library: a plugin for `deno lint`, ESLint and oxlint.
 *
 * `yield-star` finds calls that may park and are made without `yield*`; `go-function` finds what `go`
 * and `run` refuse. The rules use no types: they follow imports, annotations, and generators of the
 * file itself and of files that it imports by a relative path. docs/lint.md says what each tool finds.
 *
 * @example For `deno lint`, in deno.json.
 * ```json
 * { "lint": { "plugins": ["npm:@netpoll/netpoll/lint"] } }
 * ```
 *
 * @module
 */
import type { Rule } from "./lint/ast.ts";
import { goFunction } from "./lint/go_function.ts";
import { yieldStar } from "./lint/yield_star.ts";

export type { Node, Rule, RuleContext, Visitors } from "./lint/ast.ts";

/** A plugin in the form that `deno lint`, ESLint and oxlint share. */
export interface LintPlugin {
  /** Prefix of the rules: "netpoll/yield-star". */
  readonly name: string;
  /** For ESLint and oxlint. */
  readonly meta: { readonly name: string };
  /** The rules by name. */
  readonly rules: Readonly<Record<string, Rule>>;
}

/** The plugin, with its two rules. */
const plugin: LintPlugin = {
  name: "netpoll",
  meta: { name: "netpoll" },
  rules: { "yield-star": yieldStar, "go-function": goFunction },
};

export default plugin;
