import { describe, expect, test } from "vitest";
import { outcomeLooks } from "./outcome-looks.js";

/** WCAG 2.2: relative luminance of a colour like `#1a2b3c`. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

describe("the looks of outcomes", () => {
  test("no two outcomes look alike", () => {
    const looks = Object.values(outcomeLooks).map(({ colour, striped }) => `${colour.light} ${colour.dark} ${striped}`);
    expect(new Set(looks).size).toBe(looks.length);
  });

  test("every colour has a contrast of at least 3:1 with the page, light and dark", () => {
    const pale = Object.entries(outcomeLooks).filter(
      ([, { colour }]) => contrast(colour.light, "#ffffff") < 3 || contrast(colour.dark, "#12161d") < 3,
    );
    expect(pale).toEqual([]);
  });
});
