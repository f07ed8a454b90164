import { describe, expect, test } from "vitest";
import { firstDifference } from "../../scripts/setup/dependencies.mjs";

describe("whether node_modules is what the lock file says", () => {
  const locked = {
    "": { version: "0.1.0" },
    "node_modules/a": { version: "1.0.0" },
    "node_modules/other-platform": { version: "2.0.0", optional: true },
  };

  test("equal, apart from what is for other platforms", () => {
    expect(firstDifference(locked, { "node_modules/a": { version: "1.0.0" } })).toBeUndefined();
  });

  test("an absent package", () => {
    expect(firstDifference(locked, {})).toBe("a should be 1.0.0 and is absent");
  });

  test("another version, of an optional package too", () => {
    expect(firstDifference(locked, { "node_modules/a": { version: "0.9.0" } })).toContain("0.9.0");
    const installed = {
      "node_modules/a": { version: "1.0.0" },
      "node_modules/other-platform": { version: "1.0.0" },
    };
    expect(firstDifference(locked, installed)).toBe("other-platform should be 2.0.0 and is 1.0.0");
  });
});
