import type { CatalogNode } from "@graphpatch/kernel/protocol";
import { Dialog, showDialog } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { ReactWidget } from "@jupyterlab/ui-components";
import * as React from "react";
import { visibleText } from "../text";
import { PATCH_KINDS, type PatchChoice, type PatchKind, patchClass, patchExpression } from "./patchCode";

/** Asks which patch of a node, and of which part of it. @returns null when the user thinks better of it */
export async function choosePatch(node: CatalogNode, trans: TranslationBundle): Promise<PatchChoice | null> {
  const form = new PatchForm(node, trans);
  const result = await showDialog<PatchChoice>({
    title: trans.__("Insert Patch"),
    body: form,
    focusNodeSelector: "select",
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__("Insert") })],
  });
  return result.button.accept ? result.value : null;
}

class PatchForm extends ReactWidget implements Dialog.IBodyWidget<PatchChoice> {
  constructor(
    private readonly of: CatalogNode,
    private readonly trans: TranslationBundle,
  ) {
    super();
    this.addClass("gp-PatchForm");
    this.choice = { kind: "zero", slices: (of.shape ?? []).map(() => "") };
  }

  getValue(): PatchChoice {
    return this.choice;
  }

  protected override render(): React.JSX.Element {
    return (
      <PatchFields
        node={this.of}
        first={this.choice}
        trans={this.trans}
        onChange={(choice) => {
          this.choice = choice;
        }}
      />
    );
  }

  private choice: PatchChoice;
}

function PatchFields({
  node,
  first,
  trans,
  onChange,
}: {
  node: CatalogNode;
  first: PatchChoice;
  trans: TranslationBundle;
  onChange(choice: PatchChoice): void;
}): React.JSX.Element {
  const [choice, setChoice] = React.useState(first);
  const id = React.useId();
  const change = (part: Partial<PatchChoice>): void => {
    const next = { ...choice, ...part };
    setChoice(next);
    onChange(next);
  };
  return (
    <>
      <p className="gp-PatchForm-node">{visibleText(node.name)}</p>
      <label htmlFor={`${id}kind`}>{trans.__("Patch")}</label>
      <select
        id={`${id}kind`}
        value={choice.kind}
        onChange={(event) => change({ kind: PATCH_KINDS.find((kind) => kind === event.target.value) })}
      >
        {PATCH_KINDS.map((kind) => (
          <option key={kind} value={kind}>{`${patchClass(kind)} – ${effectOf(kind, trans)}`}</option>
        ))}
      </select>
      {choice.slices.length > 0 && (
        <fieldset className="gp-PatchForm-slices">
          <legend>{trans.__("Part of the value, as in NumPy (all of it where nothing is given)")}</legend>
          {choice.slices.map((slice, dim) => (
            // Dimensions have no identity but their place.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            <label key={dim}>
              <span>{visibleText(`${node.dims?.[dim] ?? `dim_${dim}`} (${node.shape?.[dim]})`)}</span>
              <input
                type="text"
                className="jp-mod-styled"
                placeholder=":"
                spellCheck={false}
                value={slice}
                onChange={(event) =>
                  change({ slices: choice.slices.map((old, at) => (at === dim ? event.target.value : old)) })
                }
              />
            </label>
          ))}
        </fieldset>
      )}
      <p className="gp-PatchForm-title">{trans.__("Code")}</p>
      <pre className="gp-PatchForm-code">{patchExpression(choice, node)}</pre>
    </>
  );
}

function effectOf(kind: PatchKind, trans: TranslationBundle): string {
  switch (kind) {
    case "zero":
      return trans.__("sets it to zero");
    case "add":
      return trans.__("adds a tensor or a number");
    case "replace":
      return trans.__("puts a value in its place");
    case "scale":
      return trans.__("multiplies it");
    case "mean":
      return trans.__("replaces it by its mean");
    case "project":
      return trans.__("removes a direction");
    case "custom":
      return trans.__("any function of it");
    case "probe":
      return trans.__("keeps it, to look at");
    case "record":
      return trans.__("keeps it of every run");
  }
}
