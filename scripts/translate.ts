/**
 * Translates one TypeScript file to JavaScript for one kind of build; see build.ts.
 */

import ts from "typescript";

/** With asserts, or without. */
export type BuildKind = "debug" | "production";

const STRIPPED = new Set(["assert", "testcase"]);

/** Removes `assert(...)` and `testcase(...)` statements and sets DEBUG_BUILD to false. */
function productionTransformer(context: ts.TransformationContext): ts.Transformer<ts.SourceFile> {
  const visit: ts.Visitor = (node) => {
    if (
      ts.isExpressionStatement(node) &&
      ts.isCallExpression(node.expression) &&
      ts.isIdentifier(node.expression.expression) &&
      STRIPPED.has(node.expression.expression.text)
    ) {
      /* An empty statement keeps `if (x) assert(y); else ...` well-formed. */
      return context.factory.createEmptyStatement();
    }
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.name.text === "DEBUG_BUILD") {
      return context.factory.updateVariableDeclaration(
        node,
        node.name,
        node.exclamationToken,
        node.type,
        context.factory.createFalse(),
      );
    }
    return ts.visitEachChild(node, visit, context);
  };
  return (file) => ts.visitEachChild(file, visit, context);
}

/**
 * @param source the TypeScript text
 * @param fileName its name, for diagnostics and the source map
 * @returns JavaScript with an inline source map
 */
export function translate(source: string, fileName: string, kind: BuildKind): string {
  const result = ts.transpileModule(source, {
    fileName,
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      verbatimModuleSyntax: true,
      isolatedModules: true,
      inlineSourceMap: true,
    },
    transformers: kind === "production" ? { before: [productionTransformer] } : {},
  });
  return result.outputText;
}
