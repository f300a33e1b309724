/** What all HTML reports share. */

/** Text for HTML, in elements and in attributes. */
export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** The style of all reports. */
export const style = `
:root { color-scheme: light dark; --line: #8884; --bad: #c0392b; --good: #1e8449; --skip: #9a7d0a; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
.failed { color: var(--bad); font-weight: 600; } .passed { color: var(--good); } .skipped { color: var(--skip); }
pre { overflow-x: auto; padding: .6rem; border: 1px solid var(--line); border-radius: 4px; font-size: 13px; line-height: 1.35; }
details { margin: .3rem 0; } summary { cursor: pointer; } .finding { margin: 1rem 0 2rem; }
.verdict { font-size: 1.15rem; font-weight: 600; }
`;
