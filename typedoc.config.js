// TypeDoc's defaults for block tags are replaced, not extended, by a list: spread them.
import { OptionDefaults } from "typedoc";

/** @type {Partial<import("typedoc").TypeDocOptions>} */
export default {
  name: "pager-mirror",
  entryPoints: ["src/index.ts", "src/unix.ts", "conformance/engine/index.ts"],
  out: "docs/reference",
  readme: "README.md",
  projectDocuments: ["docs/*.md"],
  blockTags: [...OptionDefaults.blockTags, "@upstream", "@divergence"],
  excludeInternal: true,
  disableGit: true,
  sourceLinkTemplate: "{path}#L{line}",
  sort: ["source-order"],
  treatWarningsAsErrors: true,
  validation: { notExported: false, invalidLink: true, notDocumented: false },
};
