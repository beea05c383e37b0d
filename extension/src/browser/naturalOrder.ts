const collator = new Intl.Collator("en", { numeric: true, sensitivity: "variant" });

/** Compares names as people number them: `mul_2` before `mul_10`, and `mul` before `mul_1`. */
export function compareNatural(a: string, b: string): number {
  return collator.compare(a, b);
}

/** The name without its number, and the number: `mul_12` → `["mul", 12]`, `mul` → `["mul", -1]`. */
export function splitNumber(name: string): [base: string, number: number] {
  const at = name.lastIndexOf("_");
  if (at <= 0 || !/^\d+$/.test(name.slice(at + 1))) return [name, -1];
  return [name.slice(0, at), Number(name.slice(at + 1))];
}
