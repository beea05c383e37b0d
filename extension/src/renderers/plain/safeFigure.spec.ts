import { describe, expect, it } from "vitest";
import { safeFigure } from "./safeFigure";

const layoutOf = (layout: object) => safeFigure({ data: [{ y: [1] }], layout }).layout;

describe("any plotly figure", () => {
  it("keeps what is harmless as it is", () => {
    const figure = {
      data: [{ type: "bar", x: ["a", "b"], y: [1, 2], marker: { color: "#123456" } }],
      layout: { title: { text: "<b>bold</b> x<sup>2</sup><br>a < b" }, barmode: "stack" },
    };
    expect(safeFigure(figure)).toEqual({ ...figure, notes: [] });
  });

  it("writes out what would turn the direction of writing", () => {
    expect(layoutOf({ title: { text: "a\u202egnp.exe\n\u0007" } })).toEqual({
      title: { text: "a\\u202egnp.exe\n\\u0007" },
    });
  });

  it("leaves out what fetches, links or changes the figure, wherever it stands", () => {
    const evil = { source: "https://evil.example/pixel.png" };
    const { layout, notes } = safeFigure({
      data: [{ y: [1] }],
      layout: {
        images: [evil],
        template: { layout: { images: [evil] } },
        updatemenus: [{ buttons: [{ method: "relayout", args: ["images", [evil]] }] }],
        sliders: [{}],
        shapes: [{ type: "line", source: "x" }],
      },
    });
    expect(JSON.stringify(layout)).not.toContain("evil");
    expect(layout).toEqual({ template: { layout: {} }, shapes: [{ type: "line" }] });
    expect(notes).toEqual(["Left out: images, updatemenus, sliders, source."]);
  });

  it("makes text of all tags but plotly's plain ones, and takes their attributes", () => {
    expect(layoutOf({ title: '<a href="https://evil.example">x</a>' })).toEqual({
      title: '&lt;a href="https://evil.example"&gt;x&lt;/a&gt;',
    });
    expect(layoutOf({ title: '<b style="cursor:url(https://evil.example)">x</b>' })).toEqual({
      title: "<b>x</b>",
    });
    expect(layoutOf({ title: "<span style=x>y</span>" })).toEqual({
      title: "&lt;span style=x&gt;y&lt;/span&gt;",
    });
    expect(layoutOf({ paper_bgcolor: "url(https://evil.example)" })).toEqual({
      paper_bgcolor: "url\u200b(https://evil.example)",
    });
  });

  it("refuses traces that name pictures or maps, and says so", () => {
    expect(safeFigure({ data: [{ type: "image", source: "x" }, { y: [1] }] }).notes[0]).toContain("“image”");
    expect(() => safeFigure({ data: [{ type: "scattermapbox" }] })).toThrow(/cannot draw/);
    expect(() => safeFigure({ data: "x" })).toThrow(/damaged/);
    expect(() => safeFigure(null)).toThrow(/damaged/);
  });

  it("does not recurse for ever, nor reach prototypes", () => {
    let deep: object = {};
    for (let i = 0; i < 100; i++) deep = { a: deep };
    expect(() => layoutOf(deep)).toThrow(/too deep/);
    const layout = layoutOf(
      JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"x": 1}}}'),
    );
    expect(layout).toEqual({});
    expect("polluted" in {}).toBe(false);
  });
});
