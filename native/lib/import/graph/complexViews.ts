import type { ArgumentSpec } from "../../graph/spec";
import type { DType } from "../../tensor/dtype";
import type { TensorMeta } from "../archive/schema";
import type { ViewCall } from "./views";

const PARTS: ReadonlyMap<DType, DType> = new Map<DType, DType>([
  ["complex64", "float32"],
  ["complex128", "float64"],
]);

/**
 * A write of `content` into a part of `base`. PyTorch has no gradients of the operators that do it for complex numbers: their real and
 * imaginary parts are written by themselves.
 * @param write the base after new content, both of one dtype
 */
export function byParts(
  call: ViewCall,
  base: ArgumentSpec,
  content: number,
  write: (base: ArgumentSpec, content: number, meta: TensorMeta) => number,
): number {
  const meta = partMeta(call.from);
  if (!meta) return write(base, content, call.from);
  const [real, imaginary] = ["aten::real", "aten::imag"].map((part) => {
    const of = (value: ArgumentSpec) => call.builder.emit(part, [value], meta);
    return write({ ref: of(base) }, of({ ref: content }), meta);
  });
  return complex(call, real, imaginary);
}

/** `z.real` got new content; a real tensor is its own real part. */
export function realWritten(call: ViewCall, base: number, content: number): number {
  const meta = partMeta(call.from);
  if (!meta) return content;
  return complex(call, content, call.builder.emit("aten::imag", [{ ref: base }], meta));
}

/** `z.imag` got new content. */
export function imaginaryWritten(call: ViewCall, base: number, content: number): number {
  const meta = partMeta(call.from);
  return meta ? complex(call, call.builder.emit("aten::real", [{ ref: base }], meta), content) : content;
}

function complex({ builder, from }: ViewCall, real: number, imaginary: number): number {
  return builder.emit("aten::complex", [{ ref: real }, { ref: imaginary }], from);
}

/** Of the real or the imaginary part; null for real numbers. */
function partMeta(meta: TensorMeta): TensorMeta | null {
  const dtype = PARTS.get(meta.dtype);
  return dtype ? { ...meta, dtype, strides: [] } : null;
}
