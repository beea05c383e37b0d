/** How far long work has come. */
export interface ProgressState {
  /** `loading gpt2`. */
  label: string;
  done: number;
  /** Null where nobody knows. */
  total: number | null;
  /** What is counted: "B" for bytes, which are written as MB and so on; "" for a bare number. */
  unit: string;
}

const BAR = 24;
/** A rate over less time says nothing. */
const RATE_MS = 200;

/** `loading gpt2 ████░░░░ 120/272 · 98 /s · 1.2 s, 1.6 s left`, and of bytes `… 0.3/2.2 GB · 25 MB/s · 12 s, 1 min 17 s left`. */
export function describeProgress({ label, done, total, unit }: ProgressState, elapsedMs: number): string {
  const parts = [amount(done, total, unit)];
  const rate = done / (elapsedMs / 1000);
  if (done > 0 && elapsedMs > RATE_MS) parts.push(rateText(rate, unit));
  const left =
    total !== null && done > 0 && done < total ? `, ${duration(((total - done) / rate) * 1000)} left` : "";
  parts.push(`${duration(elapsedMs)}${left}`);
  const filled = total === null ? 0 : Math.round((BAR * Math.min(done, total)) / Math.max(total, 1));
  const bar = total === null ? "" : ` ${"█".repeat(filled)}${"░".repeat(BAR - filled)}`;
  return `${label}${bar} ${parts.join(" · ")}`;
}

function amount(done: number, total: number | null, unit: string): string {
  if (unit !== "B") {
    const counted = total === null ? String(done) : `${done}/${total}`;
    return unit === "" ? counted : `${counted} ${unit}`;
  }
  const [name, size] = byteUnit(total ?? done);
  const text = (bytes: number) => (bytes / size).toFixed(1);
  return `${total === null ? text(done) : `${text(done)}/${text(total)}`} ${name}`;
}

function rateText(rate: number, unit: string): string {
  if (unit === "B") {
    const [name, size] = byteUnit(rate);
    return `${(rate / size).toFixed(1)} ${name}/s`;
  }
  if (rate < 1) return `${duration(1000 / rate)} each`;
  return `${rate >= 100 ? Math.round(rate) : rate.toFixed(1)} /s`;
}

function byteUnit(bytes: number): [string, number] {
  return bytes >= 1e9 ? ["GB", 1e9] : bytes >= 1e6 ? ["MB", 1e6] : ["kB", 1e3];
}

/** `0.4 s`, `2 min 5 s`, `1 h 20 min`. */
function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
