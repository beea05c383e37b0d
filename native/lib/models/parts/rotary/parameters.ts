import { type ConfigReader, MAX_LENGTH } from "../../configReader";

interface Base {
  readonly rope_theta: number;
  /** How much of each head is rotated; all of it if absent. */
  readonly partial_rotary_factor?: number;
}

/** Rotary position embedding: base, and how frequencies are stretched for contexts longer than in training. */
export type RopeParameters =
  | (Base & { readonly rope_type: "default" })
  | (Base & { readonly rope_type: "linear"; readonly factor: number })
  | (Base & {
      readonly rope_type: "dynamic";
      readonly factor: number;
      readonly max_position_embeddings: number;
    })
  | (Base & {
      readonly rope_type: "yarn";
      readonly factor: number;
      readonly attention_factor: number;
      readonly beta_fast: number;
      readonly beta_slow: number;
      readonly truncate: boolean;
      readonly original_max_position_embeddings: number;
    })
  | (Base & {
      readonly rope_type: "longrope";
      readonly short_factor: readonly number[];
      readonly long_factor: readonly number[];
      readonly attention_factor: number;
      readonly original_max_position_embeddings: number;
    })
  | (Base & {
      readonly rope_type: "llama3";
      readonly factor: number;
      readonly low_freq_factor: number;
      readonly high_freq_factor: number;
      readonly original_max_position_embeddings: number;
    });

export type RopeType = RopeParameters["rope_type"];

const KNOWN: readonly RopeType[] = ["default", "linear", "dynamic", "yarn", "longrope", "llama3"];

/** How an architecture's configuration says it. */
export interface RopeConvention {
  headDim: number;
  /** transformers' default of `max_position_embeddings`. */
  maxPositions: number;
  /** Where `rope_theta` is outside of `rope_parameters`, and its default. */
  theta?: { key: string; fallback: number };
  /** Where `partial_rotary_factor` is outside of `rope_parameters`, and its default; absent if the whole head is rotated always. */
  partial?: { key: string; fallback: number };
  /** transformers' default of an `original_max_position_embeddings` beside `rope_parameters` (Phi-3). */
  originalPositions?: number;
  /** Types that the architecture has, if not all, and other names of theirs. */
  types?: Readonly<Record<string, RopeType>>;
}

/**
 * Reads `rope_parameters` (transformers 5), or `rope_theta` and `rope_scaling` (before).
 * @throws CorruptFileError for a missing or wrong field; UnknownArchitectureError for a type that is not implemented.
 */
export function readRopeParameters(reader: ConfigReader, convention: RopeConvention): RopeParameters {
  const scaling = reader.nested("rope_scaling");
  const parameters = (scaling?.isEmpty ? null : scaling) ?? reader.nested("rope_parameters");
  return readRopeFields(reader, parameters, convention);
}

/** The same from the fields of `parameters`, for models with several sets of them (Gemma 3). */
export function readRopeFields(
  reader: ConfigReader,
  parameters: ConfigReader | null,
  convention: RopeConvention,
): RopeParameters {
  const { theta = { key: "rope_theta", fallback: 10000 } } = convention;
  const outside = reader.positive(theta.key, theta.fallback);
  const rope_theta = parameters?.positive("rope_theta", outside) ?? outside;
  const factor = readPartialFactor(reader, parameters, convention);
  const base = factor === 1 ? { rope_theta } : { rope_theta, partial_rotary_factor: factor };
  const rope_type = parameters ? readType(parameters, convention) : "default";
  if (!parameters || rope_type === "default") return { rope_type: "default", ...base };
  const dim = rotaryDim(convention.headDim, base);
  if (rope_type === "linear") return { rope_type, ...base, factor: parameters.positive("factor") };
  if (rope_type === "dynamic") {
    if (dim <= 2)
      parameters.fail(
        "rope_type",
        'is "dynamic", for which each head must have more than 2 rotated channels',
      );
    const max_position_embeddings = maxPositions(reader, convention);
    return { rope_type, ...base, factor: parameters.positive("factor"), max_position_embeddings };
  }
  if (dim % 2 !== 0)
    reader.fail("head_dim", `gives ${dim} rotated channels; ${rope_type} needs an even number`);
  const original_max_position_embeddings = originalPositions(reader, parameters, convention);
  const ratio = maxPositions(reader, convention) / original_max_position_embeddings;
  switch (rope_type) {
    case "llama3":
      return {
        rope_type,
        ...base,
        factor: parameters.positive("factor"),
        low_freq_factor: parameters.positive("low_freq_factor"),
        high_freq_factor: parameters.positive("high_freq_factor"),
        original_max_position_embeddings,
      };
    case "yarn": {
      const stretch = parameters.isNull("factor") ? ratio : parameters.positive("factor");
      return {
        rope_type,
        ...base,
        factor: stretch,
        attention_factor: parameters.positive("attention_factor", yarnAttentionFactor(parameters, stretch)),
        beta_fast: parameters.positive("beta_fast", 32),
        beta_slow: parameters.positive("beta_slow", 1),
        truncate: parameters.flag("truncate", true),
        original_max_position_embeddings,
      };
    }
    case "longrope": {
      const stretch = parameters.positive("factor", ratio);
      const long = Math.sqrt(1 + Math.log(stretch) / Math.log(original_max_position_embeddings));
      return {
        rope_type,
        ...base,
        short_factor: parameters.positives("short_factor", Math.floor(dim / 2)),
        long_factor: parameters.positives("long_factor", Math.floor(dim / 2)),
        attention_factor: parameters.positive("attention_factor", stretch <= 1 ? 1 : long),
        original_max_position_embeddings,
      };
    }
  }
}

/** The `dim` of the formulas: how many channels of each head the configuration asks to rotate. */
export function rotaryDim(
  headDim: number,
  { partial_rotary_factor = 1 }: { partial_rotary_factor?: number },
): number {
  return Math.floor(headDim * partial_rotary_factor);
}

/** How many are rotated: channels turn in pairs, so an odd number takes one more. */
export function rotatedChannels(headDim: number, parameters: { partial_rotary_factor?: number }): number {
  return 2 * Math.ceil(rotaryDim(headDim, parameters) / 2);
}

function readType(parameters: ConfigReader, { types }: RopeConvention): RopeType {
  const named = parameters.text("rope_type", parameters.text("type", "default"));
  const known = types ?? Object.fromEntries(KNOWN.map((type) => [type, type]));
  if (Object.hasOwn(known, named)) return known[named];
  const key = parameters.has("rope_type") ? "rope_type" : "type";
  return parameters.unsupported(key, `known here are ${Object.keys(known).join(", ")}`);
}

function readPartialFactor(
  reader: ConfigReader,
  parameters: ConfigReader | null,
  { partial, headDim }: RopeConvention,
): number {
  const inside = "partial_rotary_factor";
  const { key, fallback } = partial ?? { key: inside, fallback: 1 };
  const [where, name] = parameters?.has(inside) ? [parameters, inside] : [reader, key];
  const factor = where.positive(name, fallback);
  if (!partial && factor !== 1) where.unsupported(name, "but this architecture rotates whole heads");
  if (factor > 1 || rotaryDim(headDim, { partial_rotary_factor: factor }) < 1) {
    where.fail(name, `is ${factor}; of ${headDim} channels at least one must be rotated and at most all`);
  }
  if (factor === 1 && headDim % 2 !== 0) {
    reader.fail("head_dim", `is ${headDim}; rotary embedding needs an even number`);
  }
  return factor;
}

function maxPositions(reader: ConfigReader, { maxPositions }: RopeConvention): number {
  return reader.count("max_position_embeddings", maxPositions, MAX_LENGTH);
}

/** The field beside `rope_parameters` comes before the one in it, as in transformers. */
function originalPositions(
  reader: ConfigReader,
  parameters: ConfigReader,
  convention: RopeConvention,
): number {
  const key = "original_max_position_embeddings";
  if (reader.has(key)) return reader.count(key, undefined, MAX_LENGTH);
  return convention.originalPositions ?? parameters.count(key, maxPositions(reader, convention), MAX_LENGTH);
}

/** By how much YaRN sharpens attention: `0.1 * ln(factor) + 1`, or the ratio of two such terms (DeepSeek). */
function yarnAttentionFactor(parameters: ConfigReader, factor: number): number {
  const term = (scale: number): number => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);
  const [one, all] = [
    parameters.positiveOrNull("mscale", null),
    parameters.positiveOrNull("mscale_all_dim", null),
  ];
  return one !== null && all !== null ? term(one) / term(all) : term(1);
}
