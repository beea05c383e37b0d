import { describe, expect, it, test } from "vitest";
import { binding } from "../binding";
import { UnknownOperatorError } from "../errors";
import { operatorRefusal } from "./operatorRule";

describe("what a graph from a file may hold", () => {
  test.each([
    ["aten::add", "Tensor"],
    ["aten::add", "Scalar"],
    ["aten::linear", ""],
    ["aten::_softmax", ""],
    ["aten::scaled_dot_product_attention", ""],
    ["aten::gelu", ""],
    ["aten::div", "Tensor_mode"],
    ["aten::split", "Tensor"],
    ["aten::index", "Tensor"],
    ["aten::index_put", ""],
    ["aten::to", "dtype"],
    ["aten::dropout", ""],
    ["aten::rand", ""],
    ["aten::lstm", "input"],
    ["aten::einsum", ""],
    ["graphpatch::dequantize_gguf", ""],
    ["aten::quantile", ""],
    ["aten::fake_quantize_per_tensor_affine", ""],
  ])("%s.%s", (operator, overload) => {
    expect(operatorRefusal(operator, overload)).toBeNull();
  });

  test.each([
    ["aten::from_file", "", /file/],
    ["aten::add_", "Tensor", /writes to its arguments/],
    ["aten::add", "out", /writes to its arguments/],
    ["aten::from_file", "out", /writes|file/],
    ["aten::set_", "source_Storage", /writes to/],
    ["aten::set", "source_Storage", /source is of type Storage/],
    ["aten::record_stream", "", /writes to|Stream/],
    ["aten::quantized_lstm", "input", /no plain value|trusts/],
    ["aten::fbgemm_linear_fp16_weight", "", /trusts its arguments/],
    ["aten::max_pool2d_with_indices_backward", "", /trusts its arguments/],
    ["aten::_nested_view_from_buffer", "", /internal/],
    ["aten::_sparse_coo_tensor_unsafe", "", /internal/],
    ["aten::_print", "", /gives no tensor/],
    ["aten::_assert_async", "msg", /gives no tensor/],
    ["aten::_test_serialization_subcmul", "", /internal/],
    ["profiler::_record_function_enter", "", /not one of PyTorch's own/],
    ["quantized::linear", "", /not one of PyTorch's own/],
    ["_c10d_functional::all_reduce", "", /not one of PyTorch's own/],
    ["prims::add", "", /not one of PyTorch's own/],
    ["mkldnn::_linear_pointwise", "", /not one of PyTorch's own/],
  ])("and not %s.%s", (operator, overload, reason) => {
    expect(operatorRefusal(operator, overload)).toMatch(reason);
  });

  it("knows what libtorch has", () => {
    expect(() => operatorRefusal("aten::system", "")).toThrow(UnknownOperatorError);
    expect(() => operatorRefusal("aten::add", "Nothing")).toThrow(UnknownOperatorError);
  });

  // A libtorch with new operators fails here until somebody has looked at them.
  it("takes texts only in arguments that choose between ways to compute", () => {
    const names = new Set<string>();
    for (const operator of binding.operatorNames()) {
      if (!operator.startsWith("aten::")) continue;
      for (const { overload, arguments: args } of binding.schemas(operator)) {
        if (operatorRefusal(operator, overload) !== null) continue;
        for (const { name, type } of args) if (type.startsWith("str")) names.add(name);
      }
    }
    expect([...names].sort()).toEqual(
      [
        "UPLO",
        "approximate",
        "driver",
        "equation",
        "indexing",
        "interpolation",
        "mode",
        "norm",
        "ord",
        "p",
        "pad_mode",
        "padding",
        "padding_side",
        "reduce",
        "rounding_mode",
        "side",
      ].sort(),
    );
  });
});
