/** The pages of the rules, docs/audit/PM0xx.md, cut into their sections. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { allRules, type RuleId } from "../rules.js";
import { wrap } from "./terminal.js";

export interface RulePage {
  /** Everything below the title. */
  markdown: string;
  /** Under the headings "What it means", "Why it matters", "What to do" and "Example". */
  sections: ReadonlyMap<string, string>;
}

export const SECTIONS: readonly string[] = ["What it means", "Why it matters", "What to do", "Example"];

export function parsePage(text: string): RulePage {
  const sections = new Map<string, string>();
  let title: string | null = null;
  let code = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) code = !code;
    const heading = code ? undefined : /^## +(.*\S)/.exec(line)?.[1];
    if (heading !== undefined) title = heading;
    else if (title !== null) sections.set(title, `${sections.get(title) ?? ""}${line}\n`);
  }
  return {
    markdown: text.replace(/^# .*\n+/, "").trim(),
    sections: new Map([...sections].map(([name, body]) => [name, body.trim()])),
  };
}

/** The pages that exist. */
export function readPages(root: string): Map<RuleId, RulePage> {
  const pages = new Map<RuleId, RulePage>();
  for (const rule of allRules()) {
    const path = join(root, rule.page);
    if (existsSync(path)) pages.set(rule.id, parsePage(readFileSync(path, "utf8")));
  }
  return pages;
}

/** Markdown as lines for a terminal: paragraphs and items wrapped, code left as it is. */
export function markdownLines(markdown: string, columns: number, indent: string): string[] {
  const plain = (text: string): string =>
    text
      .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
      .replace(/`([^`\n]+)`/g, "$1")
      .replace(/\*\*([^*\n]+)\*\*/g, "$1");
  const out: string[] = [];
  let paragraph: string[] = [];
  let code = false;
  const flush = (): void => {
    if (paragraph.length > 0) out.push(...wrap(plain(paragraph.join(" ")), columns, indent));
    paragraph = [];
  };
  for (const line of markdown.split("\n")) {
    const fence = line.startsWith("```");
    if (fence || line.trim() === "" || /^[-*] /.test(line)) flush();
    if (fence) code = !code;
    else if (code) out.push(`${indent}  ${line}`);
    else if (line.trim() === "") out.push("");
    else paragraph.push(line.trim());
  }
  flush();
  return out;
}
