/**
 * The TypeScript side: functions, constants and tags of `src/`, read without the type checker. Takes
 * texts, not files, so that tests can plant faults.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import {
  type ClassDeclaration,
  type Expression,
  type InterfaceDeclaration,
  type JSDoc,
  Node,
  Project,
  type SourceFile,
} from "ts-morph";

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

/** A property, an accessor, or a method of an interface. */
export interface TsField {
  /** `u.aHash` for a property of an object that another property is initialized with. */
  name: string;
  line: number;
  /** Its comment carries the word NON-UPSTREAM. */
  nonUpstream: boolean;
}

/** A class or an interface. */
export interface TsClass {
  name: string;
  path: string;
  first: number;
  last: number;
  exported: boolean;
  tags: UpstreamTag[];
  /** Its doc comment carries the word NON-UPSTREAM. */
  nonUpstream: boolean;
  /** It implements Counted, whose field `mem` is the allocator's block. */
  counted: boolean;
  /** In the order in which they are declared. */
  fields: TsField[];
}

export interface TypeScriptSide {
  functions: TsFunction[];
  constants: TsConstant[];
  classes: TsClass[];
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

/** What a class or an interface has where C has fields; methods of classes are not among them. */
function fieldsOf(owner: ClassDeclaration | InterfaceDeclaration): TsField[] {
  const found = new Map<string, TsField>();
  const note = (name: string, node: Node): void => {
    const marked = [...node.getLeadingCommentRanges(), ...node.getTrailingCommentRanges()].some((c) =>
      c.getText().includes("NON-UPSTREAM"),
    );
    if (!found.has(name)) found.set(name, { name, line: node.getStartLineNumber(), nonUpstream: marked });
  };
  for (const member of owner.getMembers()) {
    if (Node.isPropertyDeclaration(member) || Node.isPropertySignature(member)) {
      if (Node.isPropertyDeclaration(member) && member.isStatic()) continue;
      note(member.getName(), member);
      const value = member.getInitializer();
      if (!Node.isObjectLiteralExpression(value)) continue;
      for (const p of value.getProperties())
        if (Node.isPropertyAssignment(p)) note(`${member.getName()}.${p.getName()}`, p);
    } else if (Node.isGetAccessorDeclaration(member) || Node.isSetAccessorDeclaration(member)) {
      if (!member.isStatic()) note(member.getName(), member);
    } else if (Node.isMethodSignature(member)) {
      note(member.getName(), member);
    } else if (Node.isConstructorDeclaration(member)) {
      for (const p of member.getParameters()) if (p.isParameterProperty()) note(p.getName(), p);
    }
  }
  return [...found.values()];
}

function readFile(source: SourceFile, path: string, side: TypeScriptSide): void {
  const text = source.getFullText();
  side.upstreamTags.push(...tagsIn(text, path, 1));
  for (const m of text.matchAll(DIVERGENCE_TAG)) {
    side.divergenceTags.push({ id: m[1]!, path, line: 1 + lineBreaks(text.slice(0, m.index)) });
  }

  const tagsOf = (doc: JSDoc | undefined): UpstreamTag[] =>
    doc === undefined
      ? []
      : tagsIn(doc.getText(), path, doc.getStartLineNumber()).filter((t) => t.name !== null);

  const noteFunction = (name: string, node: Node, exported: boolean, docs: readonly JSDoc[]): void => {
    const doc = ownDoc(docs);
    side.functions.push({
      name,
      path,
      first: node.getStartLineNumber(),
      last: node.getEndLineNumber(),
      exported,
      tags: tagsOf(doc),
      nonUpstream: doc?.getText().includes("NON-UPSTREAM") ?? false,
    });
  };

  const noteClass = (node: ClassDeclaration | InterfaceDeclaration): void => {
    const doc = ownDoc(node.getJsDocs());
    const bases = Node.isClassDeclaration(node) ? node.getImplements() : node.getExtends();
    side.classes.push({
      name: node.getName() ?? "",
      path,
      first: node.getStartLineNumber(),
      last: node.getEndLineNumber(),
      exported: node.hasExportKeyword(),
      tags: tagsOf(doc),
      nonUpstream: doc?.getText().includes("NON-UPSTREAM") ?? false,
      counted: bases.some((b) => b.getText() === "Counted"),
      fields: fieldsOf(node),
    });
  };

  for (const statement of source.getStatements()) {
    if (Node.isFunctionDeclaration(statement)) {
      if (statement.isOverload()) continue;
      const docs = [...statement.getOverloads().flatMap((o) => o.getJsDocs()), ...statement.getJsDocs()];
      noteFunction(statement.getName() ?? "", statement, statement.hasExportKeyword(), docs);
    } else if (Node.isClassDeclaration(statement) || Node.isInterfaceDeclaration(statement)) {
      noteClass(statement);
    } else if (Node.isVariableStatement(statement)) {
      for (const d of statement.getDeclarations()) {
        const init = d.getInitializer();
        if (init === undefined) continue;
        if (Node.isArrowFunction(init) || Node.isFunctionExpression(init)) {
          noteFunction(d.getName(), statement, statement.hasExportKeyword(), statement.getJsDocs());
        } else if (statement.getDeclarationKind() === "const") {
          side.constants.push({
            name: d.getName(),
            path,
            line: d.getStartLineNumber(),
            exported: statement.hasExportKeyword(),
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
  const side: TypeScriptSide = {
    functions: [],
    constants: [],
    classes: [],
    upstreamTags: [],
    divergenceTags: [],
  };
  for (const [path, text] of sources) readFile(project.createSourceFile(`/${path}`, text), path, side);
  return side;
}
