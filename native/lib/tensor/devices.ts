const DEVICE = /^(?:cpu|cuda|mps|xpu|meta)(?::\d+)?$/;

/** Whether it is written as a device is: `"cpu"`, `"cuda:0"`. */
export function isDeviceName(value: unknown): value is string {
  return typeof value === "string" && DEVICE.test(value);
}
