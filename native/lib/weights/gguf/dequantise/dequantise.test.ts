import { join } from "node:path";
import { expect, test } from "vitest";
import { torch } from "../../../torch";
import { SafetensorsFile } from "../../safetensors";
import { GgufFile } from "../ggufFile";
import { GGML_TYPES } from "../types";

const FIXTURES = join(__dirname, "../../../../../test/fixtures");

test.each([...GGML_TYPES.values()])("$name gives what gguf-py gives, bit for bit", ({ name }) => {
  const file = new GgufFile(join(FIXTURES, "gguf", "quants.gguf"));
  const expected = new SafetensorsFile(join(FIXTURES, "expected", "gguf-quants.safetensors")).read(name);
  expect(torch.equal(file.read(name).to("float32"), expected)).toBe(true);
});
