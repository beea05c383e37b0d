import { join } from "node:path";
import { currentContext } from "../cells/cellContext";
import type { InputRequests } from "../cells/inputRequests";
import type { Outputs } from "../cells/outputs";
import type { Comms } from "../comms/comm";
import type { Displays } from "../display/display";
import type { JsonObject } from "../wire/message";
import type { OwnGlobal } from "./declarations";
import type { Pictures } from "./pictures";

/** What cells find besides the exports of @graphpatch/native. */
export function ownGlobals(services: {
  displays: Displays;
  outputs: Outputs;
  inputs: InputRequests;
  comms: Comms;
  pictures: Pictures;
}): Record<string, unknown> {
  const { displays, outputs, inputs, comms, pictures } = services;
  return {
    display: displays.makeDisplay(),
    newDisplay: () => displays.newDisplay(),
    clearOutput: (wait = false) => outputs.clear(wait),
    input: inputs.input,
    page: (text: string) => void currentContext()?.payload.push(pagePayload(text)),
    comms,
    ...pictures,
  };
}

/** Asks the front end to show a long text aside (in a pager). */
function pagePayload(text: string): JsonObject {
  return { source: "page", data: { "text/plain": String(text) }, start: 0 };
}

/** Types of {@link ownGlobals}, by the declaration files of this package. */
export function ownGlobalTypes(): OwnGlobal[] {
  const from = (file: string) => `import(${JSON.stringify(join(__dirname, "..", file))})`;
  const pictures = `${from("preload/pictures")}.Pictures`;
  return [
    {
      name: "display",
      type: `${from("display/display")}.Display`,
      docs: "Shows a value below the cell; the handle it returns replaces it later. `display.html(…)`, `display.markdown(…)` and the like show content as it is.",
    },
    {
      name: "newDisplay",
      type: `() => ${from("display/display")}.DisplayMethods`,
      docs: "An output of which each call of a method replaces what the one before showed.",
    },
    {
      name: "clearOutput",
      type: "(wait?: boolean) => void",
      docs: "Removes the cell's outputs; with `wait` when the next one comes.",
    },
    {
      name: "input",
      type: `${from("cells/inputRequests")}.InputRequests["input"]`,
      docs: 'Asks for a line of text: `await input("Name? ")`; `{ password: true }` hides what is typed.',
    },
    { name: "page", type: "(text: string) => void", docs: "Shows a long text aside." },
    { name: "comms", type: `${from("comms/comm")}.Comms`, docs: "Channels to the page's widgets." },
    ...["heatmap", "attentionPattern", "gridChart", "lensTable", "dataTable", "lineChart", "Plot"].map(
      (name) => ({
        name,
        type: `${pictures}["${name}"]`,
      }),
    ),
  ];
}
