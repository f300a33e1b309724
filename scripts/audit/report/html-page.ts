/** What the HTML report consists of besides its content: escaping, style, script. */

import { createHash } from "node:crypto";

export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Escaped, and what stands between backquotes as code. */
export function prose(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

const STYLE = `
:root { color-scheme: light dark; --line: #8886; --bad: #b3261e; --good: #146c2e; --warn: #7a5900;
  --soft: #5f6368; --bad-back: #fde7e5; --warn-back: #fff3cd; --link: #0b57d0; }
@media (prefers-color-scheme: dark) {
  :root { --bad: #ff8a80; --good: #7ddc8f; --warn: #f2c94c; --soft: #a0a4a8; --bad-back: #4a1f1c;
    --warn-back: #3d3210; --link: #8ab4f8; }
}
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 110rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; } h3 { font-size: 1rem; margin-bottom: .3rem; }
a { color: var(--link); } code { font-family: ui-monospace, monospace; font-size: .92em; }
.skip { position: absolute; left: -100rem; } .skip:focus { position: static; }
table { border-collapse: collapse; } caption { text-align: left; color: var(--soft); padding: .2rem 0; }
.counts th, .counts td { text-align: right; padding: .2rem .7rem; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
.counts th:first-child { text-align: left; } .counts tfoot th, .counts tfoot td { font-weight: 600; }
.scroll { overflow-x: auto; }
.verdict { font-size: 1.15rem; font-weight: 600; }
.bad { color: var(--bad); } .good { color: var(--good); } .warn { color: var(--warn); } .soft { color: var(--soft); }
fieldset { border: 1px solid var(--line); margin: 1rem 0; } fieldset label { margin-right: 1rem; white-space: nowrap; }
details.fn { border-bottom: 1px solid var(--line); } summary { cursor: pointer; padding: .2rem 0; }
summary .name { font-family: ui-monospace, monospace; } summary .badge { float: right; }
.sides { width: 100%; table-layout: fixed; font: 12.5px/1.4 ui-monospace, monospace; margin-bottom: .6rem; }
.sides td, .sides th { vertical-align: top; white-space: pre-wrap; overflow-wrap: anywhere; padding: 0 .4rem; text-align: left; }
.sides .n { width: 4.6em; } .sides .m { width: 1.2em; }
.sides td:nth-child(1), .sides td:nth-child(4) { color: var(--soft); text-align: right; user-select: none; }
.sides td:nth-child(3) { font-weight: 700; text-align: center; user-select: none; }
.sides tr.d { background: var(--warn-back); } .sides tr.x { background: var(--bad-back); }
.difference { margin: .5rem 0 .8rem 1rem; padding-left: .8rem; border-left: 3px solid var(--warn); }
.difference.undeclared { border-color: var(--bad); } .difference pre { margin: .2rem 0; white-space: pre-wrap; }
.hidden { display: none; }
body:has(#show-differs:checked) .fn:not(.differs), body:has(#show-differs:checked) .file:not(:has(.differs)),
body:has(#show-declared:checked) .fn:not(.declared), body:has(#show-declared:checked) .file:not(:has(.declared)),
body:has(#show-identical:checked) .fn:not(.identical), body:has(#show-identical:checked) .file:not(:has(.identical)),
body:has(#show-left:checked) .fn:not(.left), body:has(#show-left:checked) .file:not(:has(.left)) { display: none; }
`;

/** Opens what the address names, and adds a field that searches names; the page is whole without it. */
const SCRIPT = `
{
  const show = () => {
    const at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!(at instanceof HTMLDetailsElement)) return;
    document.getElementById("show-all").checked = true;
    at.open = true;
    at.scrollIntoView();
  };
  const search = document.getElementById("search");
  search.classList.remove("hidden");
  search.querySelector("input").addEventListener("input", (e) => {
    const text = e.target.value.trim().toLowerCase();
    for (const fn of document.querySelectorAll(".fn"))
      fn.classList.toggle("hidden", !fn.dataset.name.toLowerCase().includes(text));
  });
  addEventListener("hashchange", show);
  show();
}
`;

function policy(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** The page around a body; it may load nothing, and run nothing but its own script. */
export function page(title: string, body: string): string {
  const csp = `default-src 'none'; base-uri 'none'; form-action 'none'; style-src ${policy(STYLE)}; script-src ${policy(SCRIPT)}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<meta http-equiv="Content-Security-Policy" content="${csp}">
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style></head><body>
${body}
<script>${SCRIPT}</script></body></html>
`;
}
