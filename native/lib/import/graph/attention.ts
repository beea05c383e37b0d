import type { ArgumentSpec } from "../../graph/spec";
import type { TensorMeta } from "../archive/schema";
import type { GraphBuilder } from "./builder";
import { hintOf } from "./ir";

/** Arguments of `scaled_dot_product_attention` by name; missing ones have their default. */
type Arguments = ReadonlyMap<string, ArgumentSpec>;

function constantOf(args: Arguments, name: string): unknown {
  const argument = args.get(name);
  return argument && "constant" in argument ? argument.constant : null;
}

function refOf(args: Arguments, name: string): number {
  const argument = args.get(name);
  if (!argument || !("ref" in argument)) throw new TypeError(`attention without ${name}`);
  return argument.ref;
}

/** Adds an operator that users see, named like those of attention that is written out in a model. */
function visible(builder: GraphBuilder, name: string, args: ArgumentSpec[], meta: TensorMeta | null): number {
  const [operator, overload = ""] = name.split(".");
  const results = builder.newResults([meta]);
  const local = operator.slice(operator.indexOf("::") + 2);
  builder.add({ type: "operator", operator, overload, args, results, local, shown: name, isAdded: false });
  return results[0].value;
}

/**
 * Writes fused attention out: softmax(query keyᵀ · scale + mask) value, with the mask's positions at minus infinity
 * where it is one of booleans, as the documentation of torch.nn.functional.scaled_dot_product_attention has it.
 * @returns the mix, [batch, head, query, dim], under the name that the fused result would have.
 */
export function expandAttention(builder: GraphBuilder, args: Arguments, meta: TensorMeta): number {
  const query = refOf(args, "query");
  const [key, value] = repeatHeads(builder, args, query);
  const queryMeta = builder.metaOf(query);
  const keyMeta = builder.metaOf(key);
  const scoresMeta: TensorMeta | null = queryMeta &&
    keyMeta && { ...queryMeta, sizes: [...queryMeta.sizes.slice(0, -1), keyMeta.sizes.at(-2) ?? 0] };
  const turned = visible(
    builder,
    "aten::transpose.int",
    [{ ref: key }, { constant: -2 }, { constant: -1 }],
    null,
  );
  const scores = visible(builder, "aten::matmul", [{ ref: query }, { ref: turned }], scoresMeta);
  const scaled = visible(
    builder,
    "aten::mul.Tensor",
    [{ ref: scores }, scaleOf(builder, args, query)],
    scoresMeta,
  );
  const masked = addMask(builder, args, scaled, query, key, scoresMeta);
  const pattern = visible(builder, "aten::softmax.int", [{ ref: masked }, { constant: -1 }], scoresMeta);
  const dropout = args.get("dropout_p");
  const kept =
    dropout && "constant" in dropout && Number(dropout.constant) > 0
      ? visible(builder, "aten::dropout", [{ ref: pattern }, dropout, { constant: true }], scoresMeta)
      : pattern;
  return visible(builder, "aten::matmul", [{ ref: kept }, { ref: value }], meta);
}

/** `enable_gqa`: each head of keys and values serves several heads of queries. */
function repeatHeads(builder: GraphBuilder, args: Arguments, query: number): [number, number] {
  const pair = [refOf(args, "key"), refOf(args, "value")] as const;
  if (constantOf(args, "enable_gqa") !== true) return [...pair];
  const heads = (tensor: number) => builder.emitNumber("size", [{ ref: tensor }, { constant: -3 }]);
  const [repeatedKey, repeatedValue] = pair.map((tensor) => {
    const times = builder.emitNumber("floordiv", [heads(query), heads(tensor)]);
    const meta = builder.metaOf(tensor);
    const queryMeta = builder.metaOf(query);
    const sizes = meta?.sizes.with(-3, queryMeta?.sizes.at(-3) ?? 0);
    return visible(
      builder,
      "aten::repeat_interleave.self_int",
      [{ ref: tensor }, times, { constant: -3 }],
      meta && sizes ? { ...meta, sizes } : null,
    );
  });
  return [repeatedKey, repeatedValue];
}

/** The given scale, or 1/√dim. */
function scaleOf(builder: GraphBuilder, args: Arguments, query: number): ArgumentSpec {
  const given = args.get("scale");
  if (given && !("constant" in given && given.constant === null)) return given;
  const size = builder.metaOf(query)?.sizes.at(-1);
  const known = typeof size === "number" ? size : null;
  if (known !== null) return { constant: 1 / Math.sqrt(known), isFloat: true };
  const root = builder.emitNumber("sqrt", [builder.emitNumber("size", [{ ref: query }, { constant: -1 }])]);
  return builder.emitNumber("truediv", [{ constant: 1 }, root]);
}

function addMask(
  builder: GraphBuilder,
  args: Arguments,
  scores: number,
  query: number,
  key: number,
  meta: TensorMeta | null,
): number {
  const mask =
    constantOf(args, "is_causal") === true ? causalMask(builder, query, key) : args.get("attn_mask");
  if (!mask || !("ref" in mask)) return scores;
  if (builder.metaOf(mask.ref)?.dtype !== "bool") {
    return visible(builder, "aten::add.Tensor", [{ ref: scores }, mask], meta);
  }
  const hidden = builder.emit("aten::logical_not", [mask], builder.metaOf(mask.ref));
  return visible(
    builder,
    "aten::masked_fill.Scalar",
    [{ ref: scores }, { ref: hidden }, { constant: Number.NEGATIVE_INFINITY }],
    meta,
  );
}

/** [query, key] bool: true on and below the diagonal. */
function causalMask(builder: GraphBuilder, query: number, key: number): ArgumentSpec {
  const sizes = [query, key].map((tensor) => builder.emitNumber("size", [{ ref: tensor }, { constant: -2 }]));
  const [rows, columns] = [query, key].map(
    (tensor) => hintOf(builder.metaOf(tensor)?.sizes.at(-2) ?? 0) ?? 0,
  );
  const meta: TensorMeta = { dtype: "bool", sizes: [rows, columns], strides: [columns, 1], offset: 0 };
  const list = sizes.map((size) => ("ref" in size ? size : { constant: null }));
  const ones = builder.emit("aten::ones", [{ list }, { constant: "bool" }], meta);
  return { ref: builder.emit("aten::tril", [{ ref: ones }], meta) };
}
