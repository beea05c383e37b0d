import { describe, expect, it } from "vitest";
import { type PythonLine, readLine, variablesIn } from "./pythonLine";

const usesOf = (line: PythonLine | null) =>
  line?.operations.map((operation) => variablesIn(operation).join(" "));

describe("readLine", () => {
  it.each([
    ["x = a + b * 2", ["b", "a"]],
    ["return self.head(x) * (1 + scale) + shift", ["self x", "scale", "shift"]],
    ["y = torch.cat([b, a[..., :2]], dim=-1)", ["a", "b"]],
    ["kl = -0.5 * torch.sum(1 + b - a.pow(2) - b.exp(), dim=-1)", ["b", "a", "b"]],
    ["z[:, i] = a", ["z i a"]],
    ["h += skip; return h", ["h skip"]],
    ["x = self.next(h, skip=b)", ["self h b"]],
    ["def forward(self, a, b): return b * 2, a + 1", ["b", "a"]],
    ["q @ k.transpose(-1, -2) / k.shape[-1] ** 0.5", ["k", "q"]],
    // Lines of a longer statement.
    ["a.view(-1), b)", ["a"]],
    [").sum(a - b)", ["a b"]],
  ])("%s", (code, expected) => {
    expect(usesOf(readLine(code))).toEqual(expected);
  });

  it.each(["x = [f(a) for a in b]", "x = a if b else c", "if a and b:", "f = lambda a: a + b", 'x = "'])(
    "does not tell the order of %s",
    (code) => {
      expect(readLine(code)).toBeNull();
    },
  );

  it("knows parts of containers", () => {
    const line = readLine('y = self.head(out[1]) - out[0] * out.scale["a"] + out.mean(0)', new Set(["out"]));
    expect(usesOf(line)).toEqual(["self out|sub_1", "out|sub_0 out|scale.a", "", "out"].filter(Boolean));
  });

  it("ends with lines of any depth", () => {
    expect(readLine("(".repeat(10_000))).toBeNull();
    expect(readLine("a.b[".repeat(5_000))).toBeNull();
    expect(readLine("-".repeat(10_000))).toBeNull();
  });
});
