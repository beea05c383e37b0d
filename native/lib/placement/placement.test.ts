import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { binding } from "../binding";
import { ArgumentError, DeviceError } from "../errors";
import { AutoModelForCausalLM } from "../models";
import type { Module } from "../nn/module";
import { torch } from "../torch";
import { autoPlacement } from "./autoPlacement";
import { type DeviceMap, placementOf } from "./deviceMap";
import { roomForWeights } from "./freeMemory";

const LAYERS = 4;
const make = (tie_word_embeddings = true): Module =>
  AutoModelForCausalLM.fromConfig({
    model_type: "llama",
    vocab_size: 50,
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: LAYERS,
    num_attention_heads: 2,
    tie_word_embeddings,
  });
const gpt2 = (): Module =>
  AutoModelForCausalLM.fromConfig({ model_type: "gpt2", vocab_size: 50, n_embd: 16, n_layer: 2, n_head: 2 });
const model = make();
const hasGpu = torch.cuda.is_available();

describe("a map by path", () => {
  test("the longest path counts; names of nodes are taken as well", () => {
    const map = { "": "cpu", "model.layers": "disk", "model.layers_2": "meta", "model.layers.3.mlp": "cpu" };
    const placement = placementOf(model, map);
    const at = (path: string) => [placement.storageOf(path), placement.deviceOf(path)];
    expect(at("")).toEqual(["cpu", "cpu"]);
    expect(at("lm_head")).toEqual(["cpu", "cpu"]);
    expect(at("model.layers.0.mlp.up_proj")).toEqual(["disk", "cpu"]);
    expect(at("model.layers.2.mlp.up_proj")).toEqual(["meta", "meta"]);
    expect(at("model.layers.3.mlp.up_proj")).toEqual(["cpu", "cpu"]);
    expect(at("model.layers.3.self_attn")).toEqual(["disk", "cpu"]);
  });

  test("a module whose own name ends in a number, as GPT-2's norms", () => {
    for (const path of ["transformer.h.1.ln_2", "transformer.h_1.ln_2"]) {
      expect([...placementOf(gpt2(), { "": "cpu", [path]: "disk" }).places.keys()]).toEqual([
        "",
        "transformer.h.1.ln_2",
      ]);
    }
  });

  test("one place for all", () => {
    expect(placementOf(model, "meta").deviceOf("model.layers.1")).toBe("meta");
    expect(placementOf(model, "disk").deviceOf("model.layers.1")).toBe("cpu");
  });

  test.each<[DeviceMap, RegExp]>([
    [
      { "": "cpu", "model.layer.2": "cpu" },
      /has no module "model\.layer\.2"; did you mean "model\.layers\.2"/,
    ],
    [{ "": "cpu", "model.layers.4": "cpu" }, /LlamaForCausalLM has no module "model\.layers\.4"/],
    [{ "model.layers": "cpu" }, /says nothing of "model\.embed_tokens", "model\.norm", "lm_head"; give them/],
    [{ "model.layers.0": "cpu" }, /says nothing of .* and \d+ more/],
    [{}, /says nothing of/],
    ["gpu", /a place for weights must be "cpu", "cuda", .*; found "gpu"/],
    [{ "": 3 as unknown as string }, /must be .*; found 3/],
  ])("%j is refused", (map, message) => {
    expect(() => placementOf(model, map)).toThrow(ArgumentError);
    expect(() => placementOf(model, map)).toThrow(message);
  });

  test.skipIf(hasGpu)("a GPU that is not there: why not", () => {
    for (const call of [
      () => placementOf(model, "cuda"),
      () => placementOf(model, { "": "cpu", lm_head: "cuda:1" }),
      () => torch.zeros([2], { device: "cuda" }),
      () => torch.zeros([2]).to("cuda:0"),
      () => torch.zeros([2]).cuda(),
      () => torch.cuda.mem_get_info(),
    ]) {
      expect(call).toThrow(DeviceError);
      expect(call).toThrow(binding.cudaStatus().problem);
    }
    expect(binding.cudaStatus().problem).not.toBe("");
    expect(torch.cuda.device_count()).toBe(0);
    expect(() => torch.cuda.mem_get_info("cpu")).toThrow(ArgumentError);
  });

  test.each(["mps", "xpu:0", "privateuseone"])("the device %s, which no libtorch here has", (device) => {
    const call = () => torch.zeros([2], { device });
    expect(call).toThrow(DeviceError);
    expect(call).toThrow(/^There is no device ".*" in this libtorch; those that it computes on are "cpu"/);
  });

  test.skipIf(hasGpu)("an operator of another device's alone: one sentence, without dispatch keys", () => {
    const call = () => torch.ops.aten._cudnn_init_dropout_state(0.1, true, 1);
    expect(call).toThrow(
      /^Could not run 'aten::_cudnn_init_dropout_state' with arguments from the 'CPU' backend\. This libtorch has no such kernel\.$/,
    );
  });
});

describe("by memory", () => {
  /** Bytes in float32 of what each unit holds. */
  const bytes = (_path: string, _name: string, parameter: { numel(): number }) => parameter.numel() * 4;
  const sizeOf = (made: Module, prefix: RegExp): number =>
    [...made.namedParameters()].reduce((sum, [name, p]) => sum + (prefix.test(name) ? p.numel() * 4 : 0), 0);
  const layer = sizeOf(model, /^model\.layers\.0\./);
  const outside = sizeOf(model, /^model\.(?:embed|norm)/);
  const auto = (made: Module, room: Record<string, number>) =>
    autoPlacement(made, bytes, new Map(Object.entries(room)));

  test("all on the first device that has room for all", () => {
    const { places, main } = auto(model, { "cuda:0": outside + LAYERS * layer, cpu: 1e9 });
    expect([[...places], main]).toEqual([[["", "cuda:0"]], "cuda:0"]);
  });

  test("in order, with room kept for what comes from the disk, and the tied head at its embedding", () => {
    const largest = Math.max(layer, outside);
    const { places } = auto(model, {
      "cuda:0": largest + outside + layer,
      "cuda:1": 2 * layer + 1,
      cpu: layer - 1,
    });
    expect(Object.fromEntries(places)).toEqual({
      "": "cuda:0",
      model: "cuda:0",
      "model.layers.0": "cuda:0",
      "model.layers.1": "cuda:1",
      "model.layers.2": "cuda:1",
      "model.layers.3": "disk",
    });
  });

  test("a head of its own is placed like a layer; nothing fits: everything stays on disk", () => {
    const untied = make(false);
    const { places, main } = auto(untied, { cpu: 10 });
    expect(new Set(places.values())).toEqual(new Set(["disk"]));
    expect(main).toBe("cpu");
  });

  test("what a module computes with itself is in one place: GPT-2's two embeddings and its last norm", () => {
    const made = gpt2();
    for (let room = 0; room < 40_000; room += 500) {
      const placement = auto(made, { "cuda:0": room, "cuda:1": 12_000, cpu: 1e6 });
      const own = ["wte", "wpe", "ln_f"].map((name) => placement.storageOf(`transformer.${name}`));
      expect(new Set(own).size).toBe(1);
    }
  });

  test("never more on a device than it has room for, never back to an earlier one", () => {
    const room = fc.dictionary(fc.constantFrom("cuda:0", "cuda:1", "cpu"), fc.nat(60_000), { minKeys: 1 });
    fc.assert(
      fc.property(room, fc.boolean(), (given, tied) => {
        const made = make(tied);
        const order = ["cuda:0", "cuda:1", "cpu"].filter((device) => device in given);
        const placement = auto(made, Object.fromEntries(order.map((device) => [device, given[device]])));
        const used = new Map<string, number>();
        for (const [name, parameter] of made.namedParameters()) {
          const place = placement.storageOf(name.slice(0, name.lastIndexOf(".")));
          used.set(place, (used.get(place) ?? 0) + parameter.numel() * 4);
        }
        for (const device of order) expect(used.get(device) ?? 0).toBeLessThanOrEqual(given[device]);
        const ranks = Array.from({ length: LAYERS }, (_, i) =>
          [...order, "disk"].indexOf(placement.storageOf(`model.layers.${i}`)),
        );
        expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
        for (const [path] of made.namedModules()) {
          const inLayer = /^model\.layers\.\d+/.exec(path)?.[0];
          if (inLayer) expect(placement.storageOf(path)).toBe(placement.storageOf(inLayer));
        }
      }),
      { numRuns: 50 },
    );
  });

  test("room is measured, less a part for activations", () => {
    const room = roomForWeights(undefined);
    expect([...room.keys()]).toEqual([
      ...Array.from({ length: torch.cuda.device_count() }, (_, i) => `cuda:${i}`),
      "cpu",
    ]);
    expect(room.get("cpu")).toBeGreaterThan(1e8);
    expect(room.get("cpu")).toBeLessThan(process.availableMemory() * 1.1);
  });

  test("limits are bytes, or texts", () => {
    expect(Object.fromEntries(roomForWeights({ cpu: "1.5GB" }))).toEqual({ cpu: 1.5e9 });
    expect(Object.fromEntries(roomForWeights({ cpu: "2 MiB", meta: 7 }))).toEqual({ cpu: 2 ** 21, meta: 7 });
    for (const cpu of ["lots", "5", "-1GB", -1, Number.NaN]) {
      expect(() => roomForWeights({ cpu })).toThrow(
        /maxMemory of "cpu" must be bytes or a text such as "10GB"/,
      );
    }
  });
});
