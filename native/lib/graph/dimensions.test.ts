import { expect, test } from "vitest";
import { nameDimensions } from "./dimensions";

test.each<[number[], number | null, string]>([
  [[2, 7], 7, "batch token"],
  [[7, 16], 7, "token hidden"],
  [[2, 7, 16], 7, "batch token hidden"],
  [[2, 4, 7, 7], 7, "batch head query key"],
  [[2, 7, 7, 7], 7, "batch head query key"],
  [[2, 4, 7, 8], 7, "batch head token hidden"],
  [[2, 7, 4, 8], 7, "batch token head hidden"],
  // Seven heads of seven tokens, or the other way round.
  [[2, 7, 7, 8], 7, "batch dim_1 dim_2 hidden"],
  [[2, 7, 4, 8], null, "dim_0 dim_1 dim_2 dim_3"],
  [[3], 3, "dim_0"],
])("%j with %j tokens", (shape, tokens, names) => {
  expect(nameDimensions(shape, tokens).join(" ")).toBe(names);
});
