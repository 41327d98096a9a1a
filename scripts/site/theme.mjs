// SPDX-License-Identifier: MIT
/** Theme of the website: VitePress's own, with the diagrams of Mermaid drawn in the browser. */
import DefaultTheme from "vitepress/theme";
import { useData, useRoute } from "vitepress";
import { nextTick, onMounted, watch } from "vue";

/** Script of Mermaid, which scripts/site.mjs copies next to the pages. */
const SCRIPT = "/mermaid.js";

let loading = null;

/** Loads Mermaid, once. */
function load() {
  return loading ??= new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: SCRIPT });
    script.onload = () => resolve(globalThis.mermaid);
    script.onerror = () => reject(new Error(`Cannot load ${SCRIPT}`));
    document.head.append(script);
  });
}

/** Draws every diagram of the page, in its colors. */
async function draw(dark) {
  await nextTick();
  const nodes = [...document.querySelectorAll("pre.mermaid")];
  if (nodes.length === 0) return;
  const mermaid = await load();
  for (const node of nodes) {
    // A diagram that has been drawn has lost its text: it is kept for the other colors.
    node.dataset.text ??= node.textContent;
    node.textContent = node.dataset.text;
    delete node.dataset.processed;
  }
  mermaid.initialize({ startOnLoad: false, theme: dark ? "dark" : "default" });
  await mermaid.run({ nodes });
}

export default {
  extends: DefaultTheme,
  setup() {
    const route = useRoute();
    const { isDark } = useData();
    onMounted(() => draw(isDark.value));
    watch(() => [route.path, isDark.value], () => draw(isDark.value));
  },
};
