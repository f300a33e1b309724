import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parsePage, SECTIONS } from "./report/pages.js";
import { projectRoot } from "./root.js";
import { allRules, RULES } from "./rules.js";

const root = projectRoot();
const text = (path: string): string => readFileSync(join(root, path), "utf8");

describe("rules", () => {
  it("have an id and a name each, of which no two are alike", () => {
    expect(new Set(Object.values(RULES)).size).toBe(Object.keys(RULES).length);
    for (const [id, name] of Object.entries(RULES)) {
      expect(id).toMatch(/^PM\d{3}$/);
      expect(name).toMatch(/^[a-z-]+$/);
    }
  });

  it("have a page each, and every page a rule", () => {
    const pages = readdirSync(join(root, "docs/audit")).filter((f) => /^PM.*\.md$/.test(f));
    expect(pages.sort()).toEqual(
      Object.keys(RULES)
        .map((id) => `${id}.md`)
        .sort(),
    );
  });

  it.each(allRules())("$id: the page says what the rule says", ({ id, name, level, meaning, page }) => {
    expect(existsSync(join(root, page))).toBe(true);
    const markdown = text(page);
    expect(markdown.startsWith(`# ${id} ${name}\n\n${meaning}\n\nLevel: ${level}.`)).toBe(true);
    const { sections } = parsePage(markdown);
    expect([...sections.keys()]).toEqual(SECTIONS);
    for (const [title, body] of sections) expect(body.length, title).toBeGreaterThan(20);
  });

  it("are listed in docs/audit/README.md", () => {
    const list = text("docs/audit/README.md");
    const rows = allRules().map((r) => `| [${r.id}](${r.id}.md) | ${r.name} | ${r.level} | ${r.meaning} |`);
    expect(list.split("\n").filter((l) => l.startsWith("| [PM"))).toEqual(rows);
  });

  it("link to files that exist", () => {
    const broken: string[] = [];
    for (const file of readdirSync(join(root, "docs/audit")).filter((f) => f.endsWith(".md"))) {
      for (const m of text(`docs/audit/${file}`).matchAll(/\]\(([^)#]+)/g))
        if (!existsSync(join(root, "docs/audit", m[1]!))) broken.push(`${file}: ${m[1]}`);
    }
    expect(broken).toEqual([]);
  });
});
