/** Finds and loads the addon: a build of this checkout, else the prebuilt binary of this platform. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GlocalError } from "../errors.js";
import { ENCODING_VERSION } from "../lower/encode.js";
import type { Addon } from "./addon.js";

const PACKAGE = "glocal";
const REBUILD = `Run \`npm rebuild ${PACKAGE}\`, or in a checkout of the source \`npm run build:native\`.`;

function packageName(folder: string): unknown {
  const path = join(folder, "package.json");
  if (!existsSync(path)) return undefined;
  return (JSON.parse(readFileSync(path, "utf8")) as { name?: unknown }).name;
}

/** The nearest folder above `start` that holds this package: modules move when they are bundled. */
function packageRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (packageName(folder) === PACKAGE) return folder;
    if (dirname(folder) === folder) {
      throw new GlocalError("GLOCAL_ADDON", {
        expected: `a package.json named "${PACKAGE}" in a folder above ${start}`,
        received: "none",
        hint: `Keep ${PACKAGE} outside bundles: mark it as external.`,
      });
    }
  }
}

/** The places that node-gyp-build looks in, in its order. */
function candidates(root: string): string[] {
  return [
    join(root, "build", "Release", "glocal.node"),
    join(root, "prebuilds", `${process.platform}-${process.arch}`),
  ];
}

function load(root: string): Addon {
  const require = createRequire(join(root, "package.json"));
  let addon: Addon;
  try {
    addon = (require("node-gyp-build") as (folder: string) => Addon)(root);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new GlocalError("GLOCAL_ADDON", {
      expected: `a binary that this machine can load at ${candidates(root).join(" or in ")}`,
      received: `"${reason}"`,
      hint: REBUILD,
      cause,
    });
  }
  if (addon.encodingVersion !== ENCODING_VERSION) {
    throw new GlocalError("GLOCAL_ADDON", {
      expected: `an addon that reads programs of version ${ENCODING_VERSION}`,
      received: `one that reads version ${addon.encodingVersion}`,
      hint: REBUILD,
    });
  }
  return addon;
}

const ownRoot = () => packageRoot(dirname(fileURLToPath(import.meta.url)));

let loaded: Addon | undefined;

export function loadAddon(): Addon {
  loaded ??= load(ownRoot());
  return loaded;
}

/** Path of the binary that `loadAddon` loads. */
export function addonPath(): string {
  const root = ownRoot();
  const require = createRequire(join(root, "package.json"));
  return (require("node-gyp-build") as { resolve(folder: string): string }).resolve(root);
}
