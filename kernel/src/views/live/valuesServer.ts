import type { Comm, Comms } from "../../comms/comm";
import { isValuesRequest, VALUES_TARGET, type ValuesReply, type ValuesRequest } from "../../protocol";
import type { Handles, Live } from "./handles";
import { readRegion } from "./region";
import { variableOf } from "./variables";

const GONE =
  "The kernel no longer has these values: the tensor was freed, or other pictures needed the room. Run the cell again to look closer.";
const CHANGED =
  "The tensor was changed in place since this picture was drawn. Run the cell again to see its values now.";
const UNKNOWN =
  "This kernel does not know the picture: it was made before the kernel was started. Run the cell again to look closer.";
const NO_VARIABLE =
  "No variable of the notebook holds this result. Keep it in one (const map = await pg.sweep(…)), and run the cell that shows it again.";

/** Answers pages that look closer at a picture: parts of its tensor, code of its cells. */
export class ValuesServer {
  readonly #handles: Handles;
  readonly #locals: () => Readonly<Record<string, unknown>>;

  /** @param locals the notebook's variables */
  constructor(comms: Comms, handles: Handles, locals: () => Readonly<Record<string, unknown>>) {
    this.#handles = handles;
    this.#locals = locals;
    comms.registerTarget(VALUES_TARGET, (comm) => {
      comm.onMessage = (data) => {
        if (isValuesRequest(data)) this.#answer(comm, data);
      };
    });
  }

  #answer(comm: Comm, request: ValuesRequest): void {
    if (request.type === "release") {
      this.#handles.release(request.handle);
      return;
    }
    const fail = (gone: boolean, message: string) =>
      send(comm, { type: "failed", request: request.request, gone, message });
    const live = this.#handles.get(request.handle);
    if (!live) {
      fail(true, this.#handles.knows(request.handle) ? GONE : UNKNOWN);
      return;
    }
    if (live.kind === "tensor" && live.tensor._version !== live.version) {
      fail(true, CHANGED);
      return;
    }
    try {
      this.#serve(comm, request, live, fail);
    } catch (error) {
      fail(false, error instanceof Error ? error.message : String(error));
    }
  }

  #serve(
    comm: Comm,
    request: Exclude<ValuesRequest, { type: "release" }>,
    live: Live,
    fail: (gone: boolean, message: string) => void,
  ): void {
    if (request.type === "region" && live.kind === "tensor") {
      const { reply, values } = readRegion(live.tensor, request);
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      send(comm, { type: "region", request: request.request, ...reply }, [bytes]);
    } else if (request.type === "code" && live.kind === "result") {
      const name = variableOf(live.result.shown, this.#locals());
      if (name === null) fail(false, NO_VARIABLE);
      else send(comm, { type: "code", request: request.request, code: live.result.code(name, request) });
    } else fail(false, "This picture has no such values.");
  }
}

function send(comm: Comm, reply: ValuesReply, buffers: Uint8Array[] = []): void {
  comm.send({ ...reply }, buffers);
}
