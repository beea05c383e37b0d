import { LabIcon } from "@jupyterlab/ui-components";

/** Three nodes of a graph, one of them patched. */
export const graphIcon = new LabIcon({
  name: "graphpatch:graph",
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M12 2a3.5 3.5 0 0 1 1 6.85V11h4.5a2 2 0 0 1 2 2v2.15a3.5 3.5 0 1 1-2 0V13h-11v2.15a3.5 3.5 0 1 1-2 0V13a2 2 0 0 1 2-2H11V8.85A3.5 3.5 0 0 1 12 2Zm0 2a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3Zm6.5 13a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3Z"/>
  </g>
</svg>`,
});
