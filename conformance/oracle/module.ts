/**
 * The compiled oracle in memory: its exports, the table of its structs' fields, and a way back to the
 * beginning that costs a copy of its data segment instead of a new instance.
 */

import "./wasm32.js";
import { readFileSync } from "node:fs";
import type { MemAllocator } from "../../src/index.js";
import { MEMORY_PAGES, STACK_BYTES } from "../engine/build/options.js";
import { WasmMemory } from "../engine/memory.js";

/** An address in the oracle's memory. */
export type Address = number;

/** A field of one of C's structs. */
export interface Field {
  name: string;
  offset: number;
  size: number;
  kind: "unsigned" | "signed" | "pointer" | "bytes" | "words";
}

/** One of C's structs. */
export interface Struct {
  name: string;
  size: number;
  fields: readonly Field[];
}

/** The whole of C's memory as numbers of each kind; it never grows, so they stay good. */
export interface Views {
  readonly bytes: Buffer;
  readonly i8: Int8Array;
  readonly u16: Uint16Array;
  readonly i16: Int16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
}

/** Functions of c/shim.c, most of them the pager's own; numbers in, a number or nothing out. */
export type OracleExports = Record<string, (...args: number[]) => number>;

/** The functions of the import modules "vfs" and "hook". */
export type ImportTable = Record<string, (...args: never[]) => number>;

const KINDS = ["unsigned", "signed", "pointer", "bytes", "words"] as const;

/** A loaded oracle. One program at a time runs on it. */
export class OracleModule {
  readonly memory: WasmMemory;
  readonly call: OracleExports;
  readonly structs: ReadonlyMap<string, Struct>;
  readonly views: Views;
  /** Blocks of the oracle's memory for a disk: files that can be mapped, and shared memory. */
  readonly disk: MemAllocator;
  readonly #byName = new Map<string, Map<string, Field>>();
  readonly #bytes: Uint8Array;
  readonly #stack: { value: number };
  readonly #stackStart: number;
  /** The data segments as they were before anything ran, from STACK_BYTES on. */
  readonly #image: Uint8Array;
  #vfs: ImportTable = {};
  #hook: ImportTable = {};

  /** @param path the .wasm file; see build/index.ts */
  constructor(path: string) {
    const module = new WebAssembly.Module(readFileSync(path));
    const linear = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
    const imports: Record<string, Record<string, unknown>> = { env: { memory: linear }, vfs: {}, hook: {} };
    for (const i of WebAssembly.Module.imports(module)) {
      if (i.kind !== "function") continue;
      const table = i.module === "vfs" ? () => this.#vfs : () => this.#hook;
      imports[i.module]![i.name] = (...args: never[]) => table()[i.name]!(...args);
    }
    const { exports } = new WebAssembly.Instance(module, imports);
    this.#bytes = new Uint8Array(linear.buffer);
    this.views = {
      bytes: Buffer.from(linear.buffer),
      i8: new Int8Array(linear.buffer),
      u16: new Uint16Array(linear.buffer),
      i16: new Int16Array(linear.buffer),
      u32: new Uint32Array(linear.buffer),
      i32: new Int32Array(linear.buffer),
    };
    this.#stack = exports["__stack_pointer"] as { value: number };
    this.#stackStart = this.#stack.value;
    const heap = (exports["__heap_base"] as { value: number }).value;
    this.#image = this.#bytes.slice(STACK_BYTES, heap);
    this.call = exports as OracleExports;
    this.memory = new WasmMemory(linear);
    this.memory.attach({
      malloc: (n) => this.call["oracle_malloc"]!(n),
      realloc: (p, n) => this.call["oracle_realloc"]!(p, n),
      free: (p) => this.call["oracle_free"]!(p),
    });
    this.call["_initialize"]?.();
    this.structs = this.#readStructs();
    const blocks = new WeakMap<Uint8Array, Address>();
    this.disk = {
      allocate: (n) => {
        const p = this.memory.malloc(n);
        if (p === 0) throw new Error("the oracle's memory is exhausted");
        const block = this.memory.bytes(p, n).fill(0);
        blocks.set(block, p);
        return block;
      },
      release: (block) => this.memory.free(blocks.get(block)!),
    };
  }

  /** Something has thrown through C's frames, which are of no use any more: sets the stack pointer back. */
  unwind(): void {
    this.#stack.value = this.#stackStart;
  }

  /** Back to the beginning, with other imports. Everything that was in memory is gone, blocks of disks too. */
  reset(vfs: ImportTable, hook: ImportTable): void {
    this.#vfs = vfs;
    this.#hook = hook;
    this.#stack.value = this.#stackStart;
    this.#bytes.set(this.#image, STACK_BYTES);
    this.call["_initialize"]?.();
  }

  /** The C string at an address. */
  text(p: Address): string {
    return p === 0 ? "" : Buffer.from(this.#bytes.subarray(p, this.#bytes.indexOf(0, p))).toString("utf8");
  }

  /** A field by its name. */
  field(struct: string, name: string): Field {
    let fields = this.#byName.get(struct);
    if (fields === undefined) {
      fields = new Map(this.structs.get(struct)?.fields.map((field) => [field.name, field]));
      this.#byName.set(struct, fields);
    }
    const field = fields.get(name);
    if (field === undefined) throw new Error(`the oracle has no field ${struct}.${name}`);
    return field;
  }

  /** The value of a field of a struct at `p`: a number, or for arrays and structs inside it a copy. */
  read(p: Address, { offset, size, kind }: Field): number | number[] {
    const at = p + offset;
    if (kind === "bytes" || kind === "words") {
      const bytes = this.#bytes.slice(at, at + size);
      return kind === "bytes" ? [...bytes] : [...new Uint32Array(bytes.buffer)];
    }
    const signed = kind === "signed";
    switch (size) {
      case 1:
        return signed ? (this.#bytes[at]! << 24) >> 24 : this.#bytes[at]!;
      case 2: {
        const value = this.#bytes[at]! | (this.#bytes[at + 1]! << 8);
        return signed ? (value << 16) >> 16 : value;
      }
      case 4:
        return signed ? this.memory.i32(at) : this.memory.u32(at);
      default:
        return this.memory.i64(at);
    }
  }

  #readStructs(): Map<string, Struct> {
    const structs = new Map<string, Struct>();
    const at = this.call["oracle_fields"]!();
    const fields: Field[] = [];
    const n = this.call["oracle_field_count"]!();
    let current: { name: string; size: number; fields: Field[] } | null = null;
    for (let i = 0; i < n; i++) {
      const [zStruct, zField, offset, size, kind] = [0, 1, 2, 3, 4].map((k) =>
        this.memory.i32(at + i * 20 + k * 4),
      ) as [number, number, number, number, number];
      if (zField === 0) {
        current = { name: this.text(zStruct), size, fields: [] };
        structs.set(current.name, current);
      } else {
        const field = { name: this.text(zField), offset, size, kind: KINDS[kind]! };
        current!.fields.push(field);
        fields.push(field);
      }
    }
    return structs;
  }
}
