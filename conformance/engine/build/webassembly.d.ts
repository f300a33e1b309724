/**
 * The part of WebAssembly's JavaScript interface that the engine uses. TypeScript declares it only for
 * browsers, together with everything else that browsers have.
 */
declare namespace WebAssembly {
  type Imports = Record<string, Record<string, unknown>>;

  /** Describes an import or export. */
  interface Descriptor {
    name: string;
    kind: "function" | "table" | "memory" | "global" | "tag";
  }

  class Module {
    constructor(bytes: Uint8Array);
    static imports(module: Module): (Descriptor & { module: string })[];
    static exports(module: Module): Descriptor[];
  }

  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Record<string, unknown>;
  }

  class Memory {
    /** Sizes in pages of 64 KiB. */
    constructor(descriptor: { initial: number; maximum?: number });
    readonly buffer: ArrayBuffer;
  }

  class Table {
    readonly length: number;
    get(index: number): unknown;
  }
}
