/**
 * The TypeScript side: functions, constants and tags of `src/`, read without the type checker. Takes
 * texts, not files, so that tests can plant faults.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { type Expression, type JSDoc, Node, Project, type SourceFile } from "ts-morph";

/** `@upstream FILE NAME`; the name is missing in a module's tag. */
export interface UpstreamTag {
  file: string;
  name: string | null;
  path: string;
  line: number;
}

export interface DivergenceTag {
  id: string;
  path: string;
  line: number;
}

export interface TsFunction {
  name: string;
  /** Path from the root, `src/pager/pager.ts`. */
  path: string;
  first: number;
  last: number;
  exported: boolean;
  tags: UpstreamTag[];
  /** Its doc comment carries the word NON-UPSTREAM. */
  nonUpstream: boolean;
}

export interface TsConstant {
  name: string;
  path: string;
  line: number;
  exported: boolean;
  /** Its doc comment carries the word NON-UPSTREAM. */
  nonUpstream: boolean;
  initializer: Expression;
}

export interface TypeScriptSide {
  functions: TsFunction[];
  constants: TsConstant[];
  upstreamTags: UpstreamTag[];
  divergenceTags: DivergenceTag[];
}

/** The texts that the audit looks at: `src/` without tests and without parts of files in the making. */
export function readSources(root: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".ts") || /\.(test|part\d+)\.ts$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(relative(root, path).split(sep).join("/"), readFileSync(path, "utf8"));
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const UPSTREAM_TAG = /@upstream\s+([\w.]+\.[ch])\b(?:[ \t]+([A-Za-z_]\w*))?/g;
const DIVERGENCE_TAG = /@divergence\s+([\w-]+)/g;

function tagsIn(text: string, path: string, firstLine: number): UpstreamTag[] {
  return [...text.matchAll(UPSTREAM_TAG)].map((m) => ({
    file: m[1]!,
    name: m[2] ?? null,
    path,
    line: firstLine + lineBreaks(text.slice(0, m.index)),
  }));
}

function lineBreaks(text: string): number {
  return text.split("\n").length - 1;
}

/** The doc comment that belongs to the node: the nearest, and not the module's. */
function ownDoc(docs: readonly JSDoc[]): JSDoc | undefined {
  const doc = docs[docs.length - 1];
  return doc === undefined || /@module\b/.test(doc.getText()) ? undefined : doc;
}

function readFile(source: SourceFile, path: string, side: TypeScriptSide): void {
  const text = source.getFullText();
  side.upstreamTags.push(...tagsIn(text, path, 1));
  for (const m of text.matchAll(DIVERGENCE_TAG)) {
    side.divergenceTags.push({ id: m[1]!, path, line: 1 + lineBreaks(text.slice(0, m.index)) });
  }

  const noteFunction = (name: string, node: Node, exported: boolean, docs: readonly JSDoc[]): void => {
    const doc = ownDoc(docs);
    side.functions.push({
      name,
      path,
      first: node.getStartLineNumber(),
      last: node.getEndLineNumber(),
      exported,
      tags:
        doc === undefined
          ? []
          : tagsIn(doc.getText(), path, doc.getStartLineNumber()).filter((t) => t.name !== null),
      nonUpstream: doc?.getText().includes("NON-UPSTREAM") ?? false,
    });
  };

  for (const statement of source.getStatements()) {
    if (Node.isFunctionDeclaration(statement)) {
      if (statement.isOverload()) continue;
      const docs = [...statement.getOverloads().flatMap((o) => o.getJsDocs()), ...statement.getJsDocs()];
      noteFunction(statement.getName() ?? "", statement, statement.isExported(), docs);
    } else if (Node.isVariableStatement(statement)) {
      for (const d of statement.getDeclarations()) {
        const init = d.getInitializer();
        if (init === undefined) continue;
        if (Node.isArrowFunction(init) || Node.isFunctionExpression(init)) {
          noteFunction(d.getName(), statement, statement.isExported(), statement.getJsDocs());
        } else if (statement.getDeclarationKind() === "const") {
          side.constants.push({
            name: d.getName(),
            path,
            line: d.getStartLineNumber(),
            exported: statement.isExported(),
            nonUpstream: ownDoc(statement.getJsDocs())?.getText().includes("NON-UPSTREAM") ?? false,
            initializer: init,
          });
        }
      }
    }
  }
}

/** Reads texts by path. */
export function readTypeScript(sources: ReadonlyMap<string, string>): TypeScriptSide {
  const project = new Project({
    useInMemoryFileSystem: true,
    skipLoadingLibFiles: true,
    skipFileDependencyResolution: true,
  });
  const side: TypeScriptSide = { functions: [], constants: [], upstreamTags: [], divergenceTags: [] };
  for (const [path, text] of sources) readFile(project.createSourceFile(`/${path}`, text), path, side);
  return side;
}
