import { expect, test } from "vitest";
import { duplicateKey } from "./jsonText";

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
