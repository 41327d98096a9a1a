// SPDX-License-Identifier: MIT
/** The website's settings; scripts/site.mjs copies them beside its pages. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PAGES = fileURLToPath(new URL("..", import.meta.url));

/** Returns the first heading of a page. */
function titleOf(path) {
  const text = readFileSync(join(PAGES, `${path}.md`), "utf8");
  return /^# (.*)$/m.exec(text)?.[1].replaceAll("`", "") ?? path;
}

const item = (path) => ({ text: titleOf(path), link: `/${path}` });

/** Returns the pages of a folder. `first` come first, the others by their names. */
function itemsOf(folder, first = []) {
  let names;
  try {
    names = readdirSync(join(PAGES, folder)).filter((name) => name.endsWith(".md"));
  } catch {
    return [];
  }
  const all = names.map((name) => name.slice(0, -3)).sort();
  const chosen = first.filter((name) => all.includes(name));
  const ordered = [...chosen, ...all.filter((name) => !chosen.includes(name))];
  return ordered.map((name) => item(`${folder}/${name}`));
}

/** Order of the guides, in which a reader may want them. */
const GUIDES = [
  "first-server",
  "clients",
  "channels",
  "tls",
  "udp",
  "cores",
  "overload",
  "async",
  "testing",
  "production",
];

export default {
  title: "netpoll",
  description: "Blocking-style network code for Bun and Deno",
  cleanUrls: false,
  lastUpdated: false,
  appearance: true,
  head: [["link", { rel: "icon", href: "data:," }]],
  // The API reference is written by another tool, behind this one.
  ignoreDeadLinks: [/^\/api\//],
  markdown: { lineNumbers: false },
  vite: { logLevel: "warn", build: { chunkSizeWarningLimit: 4000 } },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Guide", link: itemsOf("docs/guide", GUIDES)[0]?.link ?? "/docs/servers" },
      { text: "How it works", link: "/docs/architecture" },
      { text: "API", link: "/api/index.html", target: "_self" },
      { text: "Changes", link: "/CHANGELOG" },
    ],
    sidebar: [
      { text: "Guide", items: itemsOf("docs/guide", GUIDES) },
      { text: "Reference", items: itemsOf("docs") },
      {
        text: "Project",
        collapsed: true,
        items: ["CHANGELOG", "CONTRIBUTING", "DIVERGENCES", "SECURITY", "bench/index"].map(item),
      },
    ].filter(({ items }) => items.length > 0),
  },
};
