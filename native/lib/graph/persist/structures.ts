import type { Structure } from "../structure";
import type { EncodedStructure } from "./format";
import type { JsonPlace } from "./jsonPlace";
import { decodeValue, encodeValue } from "./plainValue";

/** @throws ArgumentError naming `where` for a value that cannot be saved. */
export function encodeStructure(structure: Structure, where: string): EncodedStructure {
  switch (structure.type) {
    case "leaf":
      return { leaf: structure.index };
    case "tuple":
      return { tuple: structure.items.map((item, i) => encodeStructure(item, `${where}[${i}]`)) };
    case "dict": {
      const { entries } = structure;
      return { dict: entries.map(([key, item]) => [key, encodeStructure(item, `${where}.${key}`)]) };
    }
    case "plain":
      return { plain: encodeValue(structure.value, where) };
  }
}

/** @param leafCount the leaves it must have, each once and in order */
export function decodeStructure(place: JsonPlace, leafCount: number): Structure {
  let next = 0;
  const decode = (at: JsonPlace): Structure => {
    if (at.has("tuple")) return { type: "tuple", items: at.get("tuple").items().map(decode) };
    if (at.has("dict")) {
      const entries = at.get("dict").pairs();
      return { type: "dict", entries: entries.map(([key, item]) => [key, decode(item)]) };
    }
    if (at.has("plain")) return { type: "plain", value: decodeValue(at.get("plain")) };
    const index = at.get("leaf").integer(next, next);
    next++;
    return { type: "leaf", index };
  };
  const structure = decode(place);
  if (next !== leafCount) place.fail(`a structure of ${leafCount} tensors`);
  return structure;
}
