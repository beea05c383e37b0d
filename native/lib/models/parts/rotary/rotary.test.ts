import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Tensor } from "../../../tensor/tensor";
import { torch } from "../../../torch";
import { SafetensorsFile } from "../../../weights";
import { AutoModelForCausalLM } from "../..";
import type { RotaryEmbedding } from ".";

interface Case {
  config: { model_type: string; [key: string]: unknown };
  scaling: number;
}

const EXPECTED = join(__dirname, "../../../../../test/fixtures/expected");
const cases: Case[] = JSON.parse(readFileSync(join(EXPECTED, "rope.json"), "utf8"));
const frequencies = new SafetensorsFile(join(EXPECTED, "rope.safetensors"));
const LENGTHS = [5, 40, 41, 120];

function rotaryOf(config: Case["config"]): RotaryEmbedding {
  const model = AutoModelForCausalLM.fromConfig(config);
  const found = [...model.namedModules()].find(([name]) => name.endsWith(".rotary_emb"));
  return found?.[1] as RotaryEmbedding;
}

/** Largest difference relative to the expected values: slow channels count as much as fast ones. */
function relativeDifference(actual: Tensor, expected: Tensor): number {
  expect(actual.shape).toEqual(expected.shape);
  return Number(actual.sub(expected).div(expected).abs().max().item());
}

/** The sines and cosines at position 1 of what transformers has for a text of `length` tokens. */
function expectedAt(index: number, length: number): Tensor[] {
  const angles = frequencies.read(`${index}/${length}`);
  const both = torch.cat([angles, angles]);
  return [torch.cos(both), torch.sin(both)].map((values) => values.mul(cases[index].scaling));
}

const named = cases.map(({ config }, index) => {
  const { model_type, rope_scaling, rope_parameters } = config;
  const shown = JSON.stringify(rope_scaling ?? rope_parameters ?? {});
  return { index, config, name: `${model_type} ${shown.slice(0, 80)}` };
});

describe.each(named)("case $index: $name", ({ index, config }) => {
  const rotary = rotaryOf(config);

  test.each(LENGTHS)("a text of %i tokens", (length) => {
    const angles = rotary.call(torch.arange(length).unsqueeze(0), "float32");
    const expected = expectedAt(index, length);
    angles.forEach((values, i) => {
      expect(relativeDifference(values.at("0, 1"), expected[i])).toBeLessThanOrEqual(2e-6);
    });
  });

  test("texts of a batch do not change each other", () => {
    const row = (length: number) => torch.arange(120).masked_fill(torch.arange(120).ge(length), 0);
    const angles = rotary.call(torch.stack(LENGTHS.map(row)), "float32");
    LENGTHS.forEach((length, text) => {
      const expected = expectedAt(index, length);
      angles.forEach((values, i) => {
        const position = values.size(0) === 1 ? "0, 1" : `${text}, 1`;
        expect(relativeDifference(values.at(position), expected[i])).toBeLessThanOrEqual(2e-6);
      });
    });
  });
});
