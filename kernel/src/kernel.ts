import { Catalog } from "./catalog/catalog";
import { exitInOrder } from "./cells/exit";
import { InputRequests } from "./cells/inputRequests";
import { Outputs } from "./cells/outputs";
import { captureStreams } from "./cells/streams";
import { guardTimers } from "./cells/timers";
import { Comms } from "./comms/comm";
import { Completer } from "./completion/completer";
import { GraphFinder } from "./completion/graphsOf";
import { Inspector } from "./completion/inspector";
import { offerAsyncStackRepair, STOPPED } from "./control/asyncStack";
import type { InterruptState } from "./control/interruptState";
import { Displays } from "./display/display";
import { nativeDisplayer } from "./display/nativeObjects";
import { objectDisplayer } from "./display/objects";
import { History } from "./history/history";
import { defaultHistoryFile, HistoryFile } from "./history/historyStore";
import { failureOf } from "./language/failure";
import { Language } from "./language/language";
import { writeOriginalPositions } from "./language/stackTraces";
import { cellTypes } from "./nodeTypes/cellTypes";
import { NodeTypes } from "./nodeTypes/nodeTypes";
import { ownGlobals } from "./preload/globals";
import { Library } from "./preload/library";
import { libraryDeclarations } from "./preload/libraryDeclarations";
import { loadCancellation } from "./preload/native";
import { makePictures } from "./preload/pictures";
import { progressLine } from "./progress/progressLines";
import { Dispatcher } from "./shell/dispatcher";
import { ExecuteQueue } from "./shell/executeQueue";
import type { StartCache } from "./startup/startCache";
import { shownValues, ValuesServer } from "./views";
import type { WireClient } from "./wire/wireClient";

const CLOSE_MS = 800;
const NATIVE = "@graphpatch/native";

/**
 * Builds the parts of the kernel on the main thread. The wire thread answers for itself from the start; what it passes on waits in the
 * port until this is done.
 */
export function startKernel(wire: WireClient, state: InterruptState, cache: StartCache): void {
  const outputs = new Outputs((message) => wire.post(message));

  const types = require.resolve(NATIVE).replace(/\.js$/, ".d.ts");
  const { globals, names } = libraryDeclarations(types, cache);
  const shield = <T>(work: () => T): T => state.shield(work);
  const library = new Library(names, () => wire.post({ kind: "load" }), shield);
  const displayNative = nativeDisplayer(library.loaded);
  const displays = new Displays(outputs, [objectDisplayer(library.loaded), displayNative]);
  const comms = new Comms(outputs);
  const catalog = new Catalog(comms, displayNative);
  const inputs = new InputRequests((message) => wire.post(message));
  const history = new History(new HistoryFile(defaultHistoryFile()));

  const nodeTypes = new NodeTypes(library, (text) => language.declare(text));
  const language = new Language({
    modules: new Map([[NATIVE, { load: library.get, types }]]),
    globals,
    changing: nodeTypes.text,
    shield,
    types: cellTypes(nodeTypes),
  });
  writeOriginalPositions(language.sources);
  library.whenLoaded((native) => {
    native.setProgressDisplay(() => progressLine(displays));
    catalog.follow(native);
  });
  library.makeGlobal();
  Object.assign(
    globalThis,
    ownGlobals({ displays, outputs, inputs, comms, pictures: makePictures(library.get) }),
  );

  new ValuesServer(comms, shownValues, () => language.locals);

  const executions = new ExecuteQueue({
    language,
    displays,
    outputs,
    history,
    wire,
    state,
    withSignal: loadCancellation().withSignal,
  });
  const graphs = new GraphFinder(library.loaded, () => language.locals);
  const dispatcher = new Dispatcher({
    executions,
    completer: new Completer(language, graphs),
    inspector: new Inspector(language, graphs, library.get),
    history,
    comms,
    outputs,
    wire,
  });

  // Last, so that what goes wrong before is seen by who started the process.
  captureStreams(outputs);
  guardTimers();
  offerAsyncStackRepair();
  const exit = exitInOrder((leave) => shutDown(wire, language, leave));
  const interrupt = () => {
    inputs.cancel();
    executions.interrupt();
  };
  process.on("SIGINT", interrupt);
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      if (error === STOPPED) return;
      const { traceback } = failureOf(error, language.sources);
      outputs.stream("stderr", `Uncaught, in code that a cell left running:\n${traceback.join("\n")}\n`);
    });
  }
  wire.onMessage((message) => {
    switch (message.kind) {
      case "shell":
        library.expect(message.message.content.code);
        return dispatcher.handle(message.message);
      case "stdin":
        return inputs.reply(message.message);
      case "interrupt":
        return interrupt();
      case "shutdown":
        return shutDown(wire, language, exit);
    }
  });
}

function shutDown(wire: WireClient, language: Language, exit: () => void): void {
  language.close();
  wire.close(exit);
  // The wire thread may wait for a reader that is gone.
  setTimeout(exit, CLOSE_MS);
}
