import { expect, test } from "vitest";
import { CorruptFileError } from "../errors";
import { checkJsonExtent, duplicateKey } from "./jsonText";

test.each([
  ['{"a":1,"b":[{"a":1},{"a":2}]}', null],
  ['{"a":1,"a":2}', "a"],
  ['{"a" : 1, "b": "a", "\\u0061"\n:2}', "a"],
  ['{"x":{"k":1,"k":2}}', "k"],
  ['["a","a",{"q\\"":1}]', null],
  ['{"a\\\\":"}{","b":"\\"a\\":1"}', null],
])("a key twice in %s: %s", (json, key) => {
  expect(duplicateKey(json)).toBe(key);
});

test.each([
  ['[[["]]]"]]]', 3],
  ['{"a":{"b":{}},"c":[]}', 3],
  ["1", 0],
  ['"[[[[', 0],
  ["[[[[", 4],
])("%s is %d deep", (json, depth) => {
  const check = (most: number) => () => checkJsonExtent(json, { depth: most, values: 100 }, "it");
  expect(check(depth)).not.toThrow();
  if (depth > 0) expect(check(depth - 1)).toThrow(`it has objects or lists more than ${depth - 1} deep`);
});

test("a text of too many values is refused before it is parsed", () => {
  const check = (json: string) => () => checkJsonExtent(json, { depth: 9, values: 10 }, "it");
  expect(check("[1,2,3,4,5,6,7,8,9,10]")).not.toThrow();
  expect(check("[1,2,3,4,5,6,7,8,9,10,11]")).toThrow(CorruptFileError);
  expect(check("[[],[],[],[],[],[]]")).toThrow("it has more than 10 values");
  expect(check('{"a,":1,"b":[2,3,4]}')).not.toThrow();
});
