import { UnsupportedExportError } from "../../errors";
import type { ModuleCall } from "../../graph/trace";
import type { GraphBuilder } from "./builder";
import { sharedCall } from "./callTree";
import type { SeenValue, Watch } from "./ir";

/** More views of views than any model makes; following them takes time and stack. */
const MAX_VIEWS = 500;

/** How a view comes from its base, and how a changed view changes it. */
export interface ViewRule {
  /** Takes the view again from a changed base. */
  derive(base: number): number;
  /** The base's content once the view holds `content`. @throws UnsupportedExportError where that has no rule. */
  write(base: number, content: number): number;
}

/** What a view is a view of. */
interface Link {
  base: Cell;
  /** Null for the same tensor, as an inner module sees it. */
  rule: ViewRule | null;
  /** The call that took the view, and what the base was then. */
  call: ModuleCall;
  baseThen: number;
  /** What the base was in each call on its way there, and the next one in, which was given it. */
  passed: Content[];
  /** Where patches cut the view off from its base: each a value as two calls see it. */
  cuts: Watch[];
}

/** What a tensor is inside of one call, where that has written to it. */
interface Content {
  call: ModuleCall;
  value: number;
}

/**
 * A tensor of the archive. In its graph tensors change (`add_`) and share memory (views); in ours a value never
 * changes, so a cell says which value the tensor is now. Writing to it gives its base new content, too, and makes
 * all other views of that base stale: they are taken again when they are next read.
 *
 * A patch on what a module receives or returns puts another tensor in its place, as a hook does: what is written inside of
 * the module no longer changes the tensor outside, nor what is written outside the module's result. So where a module's border lies
 * between, the new content is an alias that plans take back if a patch stands there (`Alias` in src/graph/graph.h).
 */
export class Cell {
  /** All values the tensor has been, in order. */
  readonly history = new Set<number>();
  readonly #link: Link | null;
  /** The last is the tensor's content now; those before it are what it is in calls around that one. */
  #contents: Content[];
  #version = 0;
  /** How many views lie between the tensor and its memory. */
  readonly #depth: number;
  /** Set where the tensor was changed in a way nothing here can follow. */
  #lost: Error | null = null;

  constructor(
    private readonly builder: GraphBuilder,
    value: number,
    view?: { base: Cell; baseThen: number; rule: ViewRule | null },
  ) {
    const { call } = builder.place;
    this.#depth = view ? view.base.#depth + 1 : 0;
    if (this.#depth > MAX_VIEWS)
      throw new UnsupportedExportError(`a tensor is a view of more than ${MAX_VIEWS} views`);
    this.#link = view ? { ...view, call, passed: view.base.#passedTo(view.baseThen, call), cuts: [] } : null;
    this.#contents = [{ call: builder.values[value].call ?? builder.root, value }];
    this.history.add(value);
    this.#version = this.#root.#version;
  }

  /** The same tensor, as the current call hands it on. */
  handedOn(): Cell {
    const value = this.read();
    return new Cell(this.builder, value, { base: this, baseThen: value, rule: null });
  }

  get #root(): Cell {
    let cell: Cell = this;
    while (cell.#link) cell = cell.#link.base;
    return cell;
  }

  get #content(): Content {
    return this.#contents[this.#contents.length - 1];
  }

  /** The value the tensor is now, in the current call. */
  read(): number {
    return this.#update(false);
  }

  /** The same for what was taken of it, which makes no name for it here: there is one only if it is used here. */
  #readUnnamed(): number {
    return this.builder.unnamed(this.#update(true));
  }

  #update(isUnnamed: boolean): number {
    const root = this.#root;
    if (root.#lost) throw root.#lost;
    this.#leaveCalls();
    if (this.#link && this.#version !== root.#version) this.#takeAgain(this.#link, isUnnamed);
    return this.#content.value;
  }

  /** Whether the current call is inside of the one that the tensor belongs to, so far. */
  get isGiven(): boolean {
    const { call } = this.builder.place;
    const home = this.#content.call;
    return call !== home && sharedCall(call, home) === home;
  }

  /** The tensor has new content, as an in-place operator of the current call gives it. */
  write(content: number): void {
    const { builder } = this;
    const writer = builder.place.call;
    const before = this.read();
    const root = this.#root;
    if (this.#link) this.#writeToBase(this.#link, before, content);
    else this.#version++;
    if (this.isGiven) this.#contents.push({ call: writer, value: content });
    else this.#contents[this.#contents.length - 1] = { call: writer, value: content };
    this.history.add(content);
    this.#version = root.#version;
  }

  /** From now on reading the tensor, or another view of its memory, throws `error`. */
  lose(error: Error): void {
    this.#root.#lost = error;
  }

  #passedTo(value: number, call: ModuleCall): Content[] {
    const given = this.#contents
      .slice(1)
      .map((inner, i) => ({ value: this.#contents[i].value, call: inner.call }));
    return [...given, { value, call }].filter((one) => this.builder.values[one.value].call !== null);
  }

  /** What calls that have ended wrote is content of those around them. */
  #leaveCalls(): void {
    const { builder } = this;
    const reader = builder.place.call;
    while (this.#contents.length > 1 && sharedCall(reader, this.#content.call) !== this.#content.call) {
      const inner = this.#content;
      const outer = this.#contents[this.#contents.length - 2];
      const shared = sharedCall(reader, inner.call);
      const call = sharedCall(shared, outer.call) === outer.call ? shared : outer.call;
      const value = builder.at({ call, when: undefined }, () =>
        builder.aliasUnless(
          { ref: inner.value, from: inner.call },
          { ref: outer.value, from: call },
          builder.values[outer.value].call === null ? [] : [border(outer.value, inner.call, call)],
        ),
      );
      this.#contents.pop();
      if (call === outer.call) this.#contents.pop();
      this.#contents.push({ call, value });
      this.history.add(value);
    }
  }

  #takeAgain(link: Link, isUnnamed: boolean): void {
    const { builder } = this;
    const before = this.#content;
    const call = sharedCall(before.call, builder.place.call);
    const value = builder.at({ call }, () => {
      const base = link.base.#readUnnamed();
      const content = link.rule ? link.rule.derive(base) : base;
      const cut = this.#cutAt(link, before.value, call, call);
      const seen = { ref: before.value, from: call, isUnnamed };
      // A patch on the view itself holds, too.
      const watched: Watch[] = link.rule ? [[seen], ...cut] : cut;
      return builder.aliasUnless({ ref: content, from: call }, seen, watched);
    });
    this.#contents[this.#contents.length - 1] = { call, value };
    this.#version = this.#root.#version;
    this.history.add(value);
  }

  #writeToBase(link: Link, before: number, content: number): void {
    const { builder } = this;
    const writer = builder.place.call;
    const call = sharedCall(link.call, writer);
    builder.at({ call }, () => {
      const base = link.base.#readUnnamed();
      const carried = writer === call ? content : builder.seenIn(writer, content);
      const written = link.rule ? link.rule.write(base, carried) : carried;
      const other = { ref: link.base.#content.value, from: call, isUnnamed: true };
      const cut = this.#cutAt(link, before, writer, call);
      link.base.write(builder.aliasUnless({ ref: written, from: call }, other, cut));
    });
  }

  /** Where patches would cut the view off: between where it is used and where it was made, and on its base's way to it. */
  #cutAt(link: Link, value: number, user: ModuleCall, call: ModuleCall): Watch[] {
    const given = this.#contents
      .slice(1)
      .map((inner, i) => border(this.#contents[i].value, inner.call, this.#contents[i].call));
    const home = this.builder.values[value].call;
    if (home !== null && home !== user) {
      // What left its call stays another tensor; what was given to a call is one only there.
      const isGiven = sharedCall(home, user) === home;
      (isGiven ? given : link.cuts).push(border(value, user, home));
    }
    const passed = link.passed.filter(({ call: given }) => sharedCall(given, call) !== given);
    return [...given, ...link.cuts, ...passed.map((one) => border(one.value, one.call, call))];
  }
}

/** One value as two calls see it. */
function border(ref: number, from: ModuleCall, against: ModuleCall): [SeenValue, SeenValue] {
  return [
    { ref, from },
    { ref, from: against },
  ];
}
