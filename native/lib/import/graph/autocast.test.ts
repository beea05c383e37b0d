import { describe, expect, it } from "vitest";
import { UnsupportedExportError } from "../../errors";
import type { ArgumentSpec } from "../../graph/spec";
import type { DType } from "../../tensor/dtype";
import { castArguments, IN_LOWER_PRECISION, IN_WIDEST } from "./autocast";
import { GraphBuilder } from "./builder";
import { ModuleCalls } from "./moduleStack";

const newBuilder = () => new GraphBuilder(new ModuleCalls("", "model").root);

/** The dtypes that `name` computes in, given tensors of `dtypes`. */
function castTo(name: string, ...dtypes: DType[]): (DType | undefined)[] {
  const builder = newBuilder();
  const [operator, overload = ""] = name.split(".");
  const schema = builder.schema(operator, overload);
  if (!schema) throw new RangeError(name);
  const args = new Map<string, ArgumentSpec>(
    dtypes.map((dtype, i) => {
      const meta = { dtype, sizes: [2, 2], strides: [2, 1], offset: 0 };
      return [schema.arguments[i].name, { ref: builder.newValue({ call: builder.root, meta }) }];
    }),
  );
  builder.at({ autocast: "bfloat16" }, () => castArguments(builder, schema, args));
  return [...args.values()].map((spec) => ("ref" in spec ? builder.metaOf(spec.ref)?.dtype : undefined));
}

describe("autocast", () => {
  // What each computes in: torch 2.15, seen by a TorchDispatchMode inside of torch.autocast("cpu").
  it.each([
    ["aten::linear", ["float32", "float32"], ["bfloat16", "bfloat16"]],
    ["aten::bmm", ["float16", "bfloat16"], ["bfloat16", "bfloat16"]],
    ["aten::mm", ["float64", "float64"], ["float64", "float64"]],
    ["aten::prod", ["bfloat16"], ["float32"]],
    ["aten::fft_rfft", ["float16"], ["float32"]],
    ["aten::mse_loss", ["bfloat16", "float32"], ["float32", "float32"]],
    ["aten::index_copy", ["bfloat16", "int64"], ["bfloat16", "int64"]],
    ["aten::exp", ["bfloat16"], ["bfloat16"]],
    ["aten::softmax.int", ["bfloat16"], ["bfloat16"]],
  ] as const)("%s of %j computes in %j", (name, given, expected) => {
    expect(castTo(name, ...given)).toEqual(expected);
  });

  it("changes nothing outside of a region", () => {
    const builder = newBuilder();
    const schema = builder.schema("aten::einsum", "");
    expect(schema && castArguments(builder, schema, new Map())).toBeNull();
  });

  it("calls operators that are made of others in a region of their own", () => {
    const regionOf = (operator: string, overload = "") => {
      const builder = newBuilder();
      const schema = builder.schema(operator, overload);
      if (!schema) throw new RangeError(operator);
      return builder.at({ autocast: "bfloat16" }, () => castArguments(builder, schema, new Map()));
    };
    expect(regionOf("aten::einsum")).toBe("bfloat16");
    expect(regionOf("aten::lstm", "input")).toBe("bfloat16");
    // Those of which no part is converted are ordinary nodes, and so are those that are no others' sum.
    expect(regionOf("aten::layer_norm")).toBeNull();
    expect(regionOf("aten::exp")).toBeNull();
    expect(castTo("aten::einsum")).toEqual([]);
  });

  it("refuses views of converted copies", () => {
    expect(() => castTo("aten::view_as_complex", "bfloat16")).toThrow(UnsupportedExportError);
    expect(castTo("aten::view_as_complex", "float32")).toEqual(["float32"]);
  });

  it("knows operators of which libtorch says that it converts for them", () => {
    const builder = newBuilder();
    const overloads = ["", "padding", "input", "deprecated"];
    const unknown = [...IN_LOWER_PRECISION, ...IN_WIDEST].filter(
      (name) => !overloads.some((overload) => builder.schema(`aten::${name}`, overload)?.castsOnCpu),
    );
    expect(unknown).toEqual([]);
  });
});
