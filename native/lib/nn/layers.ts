import type { DType } from "../tensor/dtype";
import type { Tensor } from "../tensor/tensor";
import { torch } from "../torch";
import { Module } from "./module";

/** Where and how a layer's parameters are made; `device: "meta"` makes them without memory, to be loaded later. */
export interface LayerOptions {
  device?: string;
  dtype?: DType;
}

function uniform(shape: number[], bound: number, options: LayerOptions): Tensor {
  const tensor = torch.empty(shape, { ...options });
  if (options.device === "meta") return tensor;
  return torch.noGrad(() => tensor.uniform_(-bound, bound));
}

/** `input @ weight.T + bias`. weight: [out_features, in_features], uniform in ±1/√in_features as in PyTorch. */
export class Linear extends Module {
  declare readonly weight: Tensor;
  declare readonly bias: Tensor | null;

  constructor(
    readonly in_features: number,
    readonly out_features: number,
    options: LayerOptions & { bias?: boolean } = {},
  ) {
    super();
    const { bias = true, ...place } = options;
    const bound = 1 / Math.sqrt(in_features);
    this.registerParameter("weight", uniform([out_features, in_features], bound, place));
    this.registerParameter("bias", bias ? uniform([out_features], bound, place) : null);
  }

  forward(input: Tensor): Tensor {
    const computed = this.parametrization("weight");
    if (computed) return computed.use((weight) => torch.linear(input, weight, this.bias));
    return torch.linear(input, this.weight, this.bias);
  }
}

/** GPT-2's linear layer with a transposed weight [in, out], as transformers' `Conv1D`: `addmm(bias, x, weight)`. */
export class Conv1D extends Module {
  declare readonly weight: Tensor;
  declare readonly bias: Tensor;

  constructor(
    readonly nf: number,
    readonly nx: number,
    options: LayerOptions = {},
  ) {
    super();
    const weight = torch.empty([nx, nf], { ...options });
    this.registerParameter(
      "weight",
      options.device === "meta" ? weight : torch.noGrad(() => weight.normal_(0, 0.02)),
    );
    this.registerParameter("bias", torch.zeros([nf], { ...options }));
  }

  /** x: [batch, seq, nx] → [batch, seq, nf]. */
  forward(x: Tensor): Tensor {
    const computed = this.parametrization("weight");
    const input = x.view([-1, x.size(-1)]);
    const rows = computed
      ? computed.use((weight) => torch.addmm(this.bias, input, weight))
      : torch.addmm(this.bias, input, this.weight);
    return rows.view([x.size(0), x.size(1), this.nf]);
  }
}

/** Rows of `weight` [num_embeddings, embedding_dim] by index. */
export class Embedding extends Module {
  declare readonly weight: Tensor;

  constructor(
    readonly num_embeddings: number,
    readonly embedding_dim: number,
    options: LayerOptions = {},
  ) {
    super();
    const weight = torch.empty([num_embeddings, embedding_dim], { ...options });
    this.registerParameter(
      "weight",
      options.device === "meta" ? weight : torch.noGrad(() => weight.normal_()),
    );
  }

  forward(input: Tensor): Tensor {
    return this.parametrization("weight")?.rows(input) ?? torch.embedding(this.weight, input);
  }
}

/** `torch.nn.LayerNorm` over the last dimensions `normalized_shape`. */
export class LayerNorm extends Module {
  declare readonly weight: Tensor | null;
  declare readonly bias: Tensor | null;
  readonly normalized_shape: number[];
  readonly eps: number;

  constructor(
    normalized_shape: number | number[],
    options: LayerOptions & { eps?: number; elementwise_affine?: boolean; bias?: boolean } = {},
  ) {
    super();
    const { eps = 1e-5, elementwise_affine: affine = true, bias = true, ...place } = options;
    this.normalized_shape = typeof normalized_shape === "number" ? [normalized_shape] : normalized_shape;
    this.eps = eps;
    this.registerParameter("weight", affine ? torch.ones(this.normalized_shape, { ...place }) : null);
    this.registerParameter("bias", affine && bias ? torch.zeros(this.normalized_shape, { ...place }) : null);
  }

  forward(input: Tensor): Tensor {
    return torch.layer_norm(input, this.normalized_shape, this.weight, this.bias, this.eps);
  }
}

/** `weight * x / √(mean(x²) + eps)` in visible steps, in float32 inside, as transformers' `LlamaRMSNorm`. */
export class RMSNorm extends Module {
  declare readonly weight: Tensor;
  readonly eps: number;

  constructor(
    readonly hidden_size: number,
    options: LayerOptions & { eps?: number } = {},
  ) {
    super();
    const { eps = 1e-6, ...place } = options;
    this.eps = eps;
    this.registerParameter("weight", torch.ones([hidden_size], { ...place }));
  }

  forward(hidden_states: Tensor): Tensor {
    const dtype = hidden_states.dtype;
    const x = dtype === "float32" ? hidden_states : hidden_states.to("float32");
    const variance = x.pow(2).mean([-1], true);
    const normalized = x.mul(torch.rsqrt(variance.add(this.eps)));
    return this.weight.mul(dtype === "float32" ? normalized : normalized.to(dtype));
  }
}

/** Identity: models here are always in evaluation mode. */
export class Dropout extends Module {
  constructor(readonly p = 0.5) {
    super();
  }

  forward(input: Tensor): Tensor {
    return input;
  }
}
