import { CorruptFileError } from "../../errors";
import type { ModuleCall } from "../../graph/trace";

/** Separates the entries of `nn_module_stack`. */
const DELIMITER = ";";
/** PyTorch writes this where a pass made a node that stands in no module. */
const NO_MODULE = "_empty_nn_module_stack_from_metadata_hook";
const MAX_DEPTH = 200;
/** What strict export calls the model in sub-graphs. */
const STRICT_ROOT = "_export_root";

interface StackEntry {
  /** Names the call: `L__self__act@1` is the second call of `act`. */
  key: string;
  path: string;
  /** With its package. */
  type: string;
}

/** One kind of module, for all its calls. */
interface ImportedModule {
  path: string;
}

/**
 * The calls of modules that an archive's nodes tell of: each node names the modules it stands in. Calls are known by
 * their keys, which PyTorch numbers when a module is called several times.
 */
export class ModuleCalls {
  readonly root: ModuleCall<ImportedModule>;
  readonly #modules = new Map<string, ImportedModule>();
  readonly #calls = new Map<ModuleCall, Map<string, ModuleCall<ImportedModule>>>();
  readonly #keys = new Map<ModuleCall, string>();
  readonly #classes = new Map<ModuleCall, string>();
  readonly #known = new Map<string, ModuleCall<ImportedModule>>();

  /** @param stripPrefix path of the module that is to be the root, as in `{ stripPrefix: "model" }`. */
  constructor(
    private readonly stripPrefix: string,
    rootType: string,
  ) {
    this.root = this.#newCall("", rootType, null);
  }

  /** The innermost call that a node's `nn_module_stack` names; the root if it names none. */
  find(stack: string): ModuleCall {
    let call = this.#known.get(stack);
    if (!call) {
      call = this.#walk(stack);
      this.#known.set(stack, call);
    }
    return call;
  }

  /** `h.0.act@1`: the key by which the archive's calling conventions know a call. */
  keyOf(call: ModuleCall): string {
    return this.#keys.get(call) ?? "";
  }

  /** `torch.nn.modules.linear.Linear`: the class of a call's module with its package; "" for the root. */
  classOf(call: ModuleCall): string {
    return this.#classes.get(call) ?? "";
  }

  #walk(stack: string): ModuleCall<ImportedModule> {
    let call = this.root;
    const entries = parseModuleStack(stack);
    if (entries.length > MAX_DEPTH)
      throw new CorruptFileError("a node stands in more modules than any model has");
    for (const { key, path, type } of entries) {
      if (path === "") {
        if (this.stripPrefix === "") this.root.type = className(type);
        continue;
      }
      const inner = stripPath(path, this.stripPrefix);
      if (inner === "") this.root.type = className(type);
      if (inner === "" || inner === null) continue;
      const siblings = this.#calls.get(call) ?? new Map<string, ModuleCall<ImportedModule>>();
      this.#calls.set(call, siblings);
      // Strict export has one key for a module under all of its names.
      const place = `${key},${inner}`;
      let child = siblings.get(place);
      if (!child) {
        child = this.#newCall(nodePath(inner), className(type), call);
        this.#classes.set(child, type);
        this.#keys.set(child, path + (/@\d+$/.exec(key)?.[0] ?? ""));
        siblings.set(place, child);
      }
      call = child;
    }
    return call;
  }

  #newCall(
    path: string,
    type: string,
    parent: ModuleCall<ImportedModule> | null,
  ): ModuleCall<ImportedModule> {
    let module = this.#modules.get(path);
    if (!module) {
      module = { path };
      this.#modules.set(path, module);
    }
    const call: ModuleCall<ImportedModule> = {
      module,
      type,
      path,
      parent,
      children: [],
      reserved: new Set(["output"]),
    };
    if (parent) {
      parent.children.push(call);
      // Operators must not take the name of a submodule; list indices are joined to their list's name.
      const below = path.startsWith(`${parent.path}.`) ? path.slice(parent.path.length + 1) : path;
      parent.reserved.add(below.split(".")[0]);
    }
    return call;
  }
}

/**
 * A module's or weight's path as nodes have it: in Python names may have spaces, and bars, which divide names here.
 * @throws CorruptFileError for lines and other white space.
 */
export function nodePath(path: string): string {
  if (/[^\S ]|\0/.test(path))
    throw new CorruptFileError(`a module or weight is called ${JSON.stringify(path)}`);
  return path.replace(/[| ]/g, "_");
}

/**
 * A path below `prefix`: "" for the prefix itself, null for a wrapper around it, the whole path if it lies elsewhere.
 */
export function stripPath(path: string, prefix: string): string | null {
  if (prefix === "" || path === "") return path;
  if (path === prefix) return "";
  if (prefix.startsWith(`${path}.`)) return null;
  return path.startsWith(`${prefix}.`) ? path.slice(prefix.length + 1) : path;
}

/** Strict export knows modules by their number in memory. */
export function isOfStrictExport(stack: string): boolean {
  return /;\d+,/.test(stack);
}

function parseModuleStack(text: string): StackEntry[] {
  if (text === "" || text.startsWith(NO_MODULE)) return [];
  return text.split(DELIMITER).map((entry) => {
    const [key, path, ...type] = entry.split(",");
    if (path === undefined)
      throw new CorruptFileError(`the module stack ${JSON.stringify(text.slice(0, 80))}`);
    // In archives of some versions the path counts the calls, too.
    return { key, path: stripPath(path.replace(/@\d+$/, ""), STRICT_ROOT) ?? path, type: type.join(",") };
  });
}

/** `transformers.models.gpt2.modeling_gpt2.GPT2MLP` → `GPT2MLP`. */
function className(qualified: string): string {
  return qualified.split(".").at(-1) ?? qualified;
}
