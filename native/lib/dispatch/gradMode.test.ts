import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { TorchError } from "../errors";
import { torch } from "../torch";

const leaf = (values: number[]) => torch.tensor(values, { dtype: "float32", requires_grad: true });

describe("backward", () => {
  it("sums gradients up in leaves", async () => {
    const x = leaf([1, 2, 3]);
    await x.mul(x).sum().backward();
    expect(x.grad?.tolist()).toEqual([2, 4, 6]);
    await x.sum().backward();
    expect(x.grad?.tolist()).toEqual([3, 5, 7]);
    x.grad = null;
    expect(x.grad).toBe(null);
  });

  it("takes the gradient of what is no scalar", async () => {
    const x = leaf([1, 2]);
    await x.mul(3).backward(torch.tensor([1, 10], { dtype: "float32" }));
    expect(x.grad?.tolist()).toEqual([3, 30]);
  });

  it("keeps gradients of computed tensors on request", async () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    y.retain_grad();
    await y.sum().backward();
    expect(y.grad?.tolist()).toEqual([1, 1]);
    expect([x.is_leaf, y.is_leaf, y.grad_fn, x.grad_fn]).toEqual([true, false, "MulBackward0", null]);
  });

  it("gives zeros where the formula is zero", async () => {
    const x = leaf([1.5, -2]);
    await torch.sgn(x).sum().backward();
    expect(x.grad?.tolist()).toEqual([0, 0]);
    expect(String(x.grad)).toBe("tensor([0., 0.])");
  });

  it("stops at detach", () => {
    const x = leaf([1]);
    expect(x.mul(2).detach().requires_grad).toBe(false);
  });

  it.each([
    [
      "something that is no scalar",
      () => leaf([1, 2]).mul(2),
      "grad can be implicitly created only for scalar outputs",
    ],
    [
      "something without gradients",
      () => torch.ones([1]),
      "element 0 of tensors does not require grad and does not have a grad_fn",
    ],
  ])("of %s says what PyTorch says", async (_, make, message) => {
    await expect(make().backward()).rejects.toThrow(TorchError);
    await expect(make().backward()).rejects.toThrow(message);
  });

  it("cannot be done twice, unless the graph is kept", async () => {
    const x = leaf([2]);
    const y = x.pow(2).sum();
    await y.backward(null, { retain_graph: true });
    await y.backward();
    await expect(y.backward()).rejects.toThrow("Trying to backward through the graph a second time");
  });

  it("happens off the JavaScript thread", async () => {
    const x = torch.randn([400, 400], { requires_grad: true });
    let y = x;
    for (let i = 0; i < 20; i++) y = y.matmul(x).mul(0.01);
    let turns = 0;
    let done = false;
    const backward = y
      .sum()
      .backward()
      .then(() => {
        done = true;
      });
    while (!done) {
      await setTimeout(0);
      turns++;
    }
    await backward;
    expect(turns).toBeGreaterThan(1);
  });
});

describe("requires_grad", () => {
  it("can be set on leaves of floating dtype only", () => {
    const x = torch.ones([1]);
    expect(x.requires_grad_().requires_grad).toBe(true);
    x.requires_grad = false;
    expect(x.requires_grad).toBe(false);
    expect(() => torch.ones([1], { dtype: "int64" }).requires_grad_()).toThrow(/floating point/);
    const computed = leaf([1]).mul(2);
    expect(() => {
      computed.requires_grad = false;
    }).toThrow(/use x.detach\(\)/);
  });

  it("forbids changing a leaf in place", () => {
    expect(() => leaf([1]).add_(1)).toThrow(
      "a leaf Variable that requires grad is being used in an in-place operation",
    );
  });
});

describe("noGrad", () => {
  it("lasts for its body, and can be undone inside", () => {
    const x = leaf([1]);
    torch.noGrad(() => {
      expect([torch.isGradEnabled(), x.mul(2).requires_grad]).toEqual([false, false]);
      torch.enableGrad(() => expect(x.mul(2).requires_grad).toBe(true));
    });
    expect([torch.isGradEnabled(), x.mul(2).requires_grad]).toEqual([true, true]);
  });

  it("follows its body across awaits and does not leak into other code", async () => {
    const x = leaf([1]);
    const inside = torch.noGrad(async () => {
      await setTimeout(5);
      return [torch.isGradEnabled(), x.mul(2).requires_grad];
    });
    const outside = (async () => {
      await setTimeout(2);
      return [torch.isGradEnabled(), x.mul(2).requires_grad];
    })();
    expect(await outside).toEqual([true, true]);
    expect(await inside).toEqual([false, false]);
  });

  it("does not last beyond a backward that was started in it", async () => {
    const x = leaf([1]);
    const y = x.mul(2).sum();
    await torch.noGrad(() => y.backward());
    expect(torch.isGradEnabled()).toBe(true);
    expect(x.mul(2).requires_grad).toBe(true);
  });
});
