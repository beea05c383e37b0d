/** Layers that only the Gemmas have. */
import * as nn from "../../nn";
import { Module } from "../../nn/module";
import type { Tensor } from "../../tensor/tensor";
import { torch } from "../../torch";
import { inDType } from "./dtype";

/**
 * `(1 + weight) * x / √(mean(x²) + eps)` in visible steps (`GemmaRMSNorm`). Unlike Llama's it is multiplied by its weight in
 * float32, too, before the result goes back to the model's dtype.
 */
export class GemmaRMSNorm extends Module {
  declare readonly weight: Tensor;
  readonly eps: number;

  constructor(
    readonly dim: number,
    options: nn.LayerOptions & { eps?: number } = {},
  ) {
    super();
    const { eps = 1e-6, ...place } = options;
    this.eps = eps;
    this.registerParameter("weight", torch.zeros([dim], { ...place }));
  }

  forward(x: Tensor): Tensor {
    const states = inDType(x, "float32");
    const variance = states.pow(2).mean([-1], true);
    const normalized = states.mul(torch.rsqrt(variance.add(this.eps)));
    const output = normalized.mul(inDType(this.weight, "float32").add(1.0));
    return inDType(output, x.dtype);
  }
}

/** Token embeddings times √hidden_size, a factor that is rounded to the model's dtype (`GemmaTextScaledWordEmbedding`). */
export class ScaledEmbedding extends nn.Embedding {
  declare readonly embed_scale: Tensor;

  constructor(num_embeddings: number, embedding_dim: number, options: nn.LayerOptions = {}) {
    super(num_embeddings, embedding_dim, options);
    // Not on the meta device: it is not in the file.
    const scale = torch.tensor(Math.sqrt(embedding_dim), { dtype: options.dtype ?? "float32" });
    this.registerBuffer("embed_scale", scale, false);
  }

  override forward(input: Tensor): Tensor {
    return super.forward(input).mul(this.embed_scale);
  }
}
