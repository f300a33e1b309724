/** Upstream under one profile: conditionals evaluated, constants and inventories at hand. */

import type { CParser } from "./cparser.js";
import { ConstantTable } from "./cvalue.js";
import { type FileInventory, inventory } from "./inventory.js";
import type { InventoryOf } from "./match.js";
import { type Preprocessed, preprocess } from "./preprocess.js";
import type { AuditProfile } from "./profiles.js";
import type { Upstream } from "./upstream.js";

export interface ProfileSide {
  profile: AuditProfile;
  pre: Preprocessed;
  constants: ConstantTable;
  /** Inventories are taken when they are asked for, once. */
  inventoryOf: InventoryOf;
}

export function sideOf(up: Upstream, parse: CParser, profile: AuditProfile): ProfileSide {
  const pre = preprocess(up.code, profile.profile);
  const cache = new Map<string, FileInventory | null>();
  const inventoryOf: InventoryOf = (file) => {
    let inv = cache.get(file);
    if (inv === undefined) {
      inv = up.files.has(file) ? inventory(up, pre, parse, file) : null;
      cache.set(file, inv);
    }
    return inv;
  };
  return { profile, pre, constants: new ConstantTable(up, pre), inventoryOf };
}
