/** Base of all errors that this package throws. */
export class GraphpatchError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** No operator, or no overload, of that name; the message gives the closest names. */
export class UnknownOperatorError extends GraphpatchError {}

/** No node of that name in a graph; the message gives the closest names. */
export class UnknownNodeError extends GraphpatchError {}

/** A tensor has another shape than is needed, or nested arrays are ragged. */
export class ShapeError extends GraphpatchError {}

/** A tensor has a dtype that does not do, or there is no dtype of that name. */
export class DtypeError extends GraphpatchError {}

/** A slice cannot be read or reaches outside of its tensor; the message names the position. */
export class SliceError extends GraphpatchError {}

/** A tensor was used after `dispose()`, or after the `tidy` that made it ended. */
export class DisposedTensorError extends GraphpatchError {}

/** A device that is not there, or cannot be used; the message says why. */
export class DeviceError extends GraphpatchError {}

/** The machine, or the device, has no memory left for what was asked. */
export class OutOfMemoryError extends GraphpatchError {}

/** A file does not hold what its format promises. */
export class CorruptFileError extends GraphpatchError {}

/** A model of an architecture, or of a variant of one, that this package does not know; the message says what works. */
export class UnknownArchitectureError extends GraphpatchError {}

/** A file that is needed does not exist or cannot be read. */
export class MissingFileError extends GraphpatchError {}

/** A file cannot be written; what stood at its path before is still there. */
export class FileWriteError extends GraphpatchError {}

/** A file asks for something that a file must not be able to do. */
export class UnsafeFileError extends GraphpatchError {}

/** A file that the Hugging Face hub refused, or that could not be fetched from it; the message says what to do. */
export class HubError extends MissingFileError {
  /** HTTP status of the hub's answer; null if there was none. */
  readonly status: number | null;

  constructor(message: string, options: ErrorOptions & { status?: number } = {}) {
    super(message, options);
    this.status = options.status ?? null;
  }
}

/** An argument of a type or value that does not do; the message names the argument and what it must be. */
export class ArgumentError extends GraphpatchError {}

/** A run was cancelled through its signal or an interrupt. */
export class CancelledError extends GraphpatchError {}

/** A model does something that a captured graph cannot hold. */
export class CaptureError extends GraphpatchError {}

/** A patch cannot be applied to its node. */
export class PatchError extends GraphpatchError {}

/** What PyTorch itself reports, in its words. */
export class TorchError extends GraphpatchError {}

/** An exported model holds something that this package cannot run; the message names it, and what to do. */
export class UnsupportedExportError extends GraphpatchError {}

/** A file holds values as a Python pickle, which is code that this package never runs. */
export class PickledDataError extends GraphpatchError {}
