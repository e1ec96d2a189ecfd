import { describe, expect, it } from "vitest";
import { columnsFrom, fromAddress, presetOf, same, tidy } from "../src/pages/customers/filters";

describe("filters in the address", () => {
  it("are read where they are an object, and are none otherwise", () => {
    expect(fromAddress('{"place":"pool"}')).toEqual({ place: "pool" });
    for (const text of ["null", "[]", "3", '"x"', "{", undefined]) expect(fromAddress(text)).toBeUndefined();
  });

  it("say the same in whatever order, and without what asks for nothing", () => {
    expect(same({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true);
    expect(same({ a: 1 }, { a: 2 })).toBe(false);
    expect(tidy({ q: "", stages: [], tags_any: null, following: false })).toEqual({ following: false });
  });

  it("know the columns there are, in their order", () => {
    expect(columnsFrom(["phone", "name", "gone"])).toEqual(["name", "phone"]);
    expect(columnsFrom([""])).toBeUndefined();
    expect(columnsFrom(undefined)).toBeUndefined();
  });

  it("know the usual spans of days", () => {
    expect(presetOf({ since_days: -6, until_days: 0 })).toBe("last7");
    expect(presetOf({ since: "2026-01-01" })).toBe("range");
    expect(presetOf(null)).toBe("");
  });
});
