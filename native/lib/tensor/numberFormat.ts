// Numbers as Python's format() writes them: halves are rounded to even, where JavaScript rounds them away from zero.

function withSign(value: number, text: string): string {
  return value < 0 || Object.is(value, -0) ? `-${text}` : text;
}

function notFinite(value: number): string {
  return Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
}

/** Python's `f"{value:.4f}"`. */
export function fixed4(value: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  const size = Math.abs(value);
  // Only odd multiples of 1/32 lie exactly between two numbers with four decimals.
  const thirtySeconds = size * 32;
  if (Number.isInteger(thirtySeconds) && thirtySeconds % 2 === 1) {
    const below = Math.floor((thirtySeconds * 625) / 2);
    if (below % 2 === 0) return withSign(value, (below / 1e4).toFixed(4));
  }
  return withSign(value, size.toFixed(4));
}

/** Python's `f"{value:.0f}"` for a whole number. */
export function fixed0(value: number): string {
  return Number.isFinite(value) ? withSign(value, Math.abs(value).toFixed(0)) : notFinite(value);
}

/** Python's `f"{value:.4e}"`. */
export function exponential4(value: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  const size = Math.abs(value);
  const exact = size.toExponential(60);
  const half = /^(\d\.\d{3}[02468])50{55}e/.exec(exact);
  const [digits, exponent] = (half ? exact.replace(/^(\d\.\d{4})\d+/, "$1") : size.toExponential(4)).split(
    "e",
  );
  return withSign(value, `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`);
}
