/** Where NVIDIA's libraries may lie. Nothing is opened here: the addon tries the candidates in order. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { CudaLibraries } from "./addon.js";

type Library = keyof CudaLibraries;
type Environment = Readonly<Record<string, string | undefined>>;

/** The files' names up to ".so", and the numbers after it that the loader may know, newest first. */
const NAMES: Readonly<Record<Library, { readonly base: string; readonly numbers: number[] }>> = {
  driver: { base: "libcuda", numbers: [1] },
  nvrtc: { base: "libnvrtc", numbers: [13, 12] },
  nvjitlink: { base: "libnvJitLink", numbers: [13, 12] },
  cublasLt: { base: "libcublasLt", numbers: [13, 12] },
  cublas: { base: "libcublas", numbers: [13, 12] },
  cusparse: { base: "libcusparse", numbers: [12] },
  cusolver: { base: "libcusolver", numbers: [12, 11] },
};

/** Where drivers are put: by Debian, by NVIDIA's containers, by Windows for its Linux. */
const DRIVER_FOLDERS = ["/usr/lib/x86_64-linux-gnu", "/usr/local/nvidia/lib64", "/usr/lib/wsl/lib"];

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const HOME_FOLDERS = ["lib64", "lib", join("targets", "x86_64-linux", "lib")];

/** Folders of Python's wheels: `nvidia/cu13/lib`, or of older ones `nvidia/cublas/lib` and so on. */
function wheelFolders(folder: string): string[] {
  return [join(folder, "nvidia"), folder]
    .filter((parent) => parent.endsWith("nvidia"))
    .flatMap((parent) => namesIn(parent).map((name) => join(parent, name, "lib")))
    .sort(newestFirst);
}

/** `lib/python3.11/site-packages` of a virtual environment. */
function sitePackages(folder: string): string[] {
  return namesIn(join(folder, "lib"))
    .filter((name) => name.startsWith("python3"))
    .map((name) => join(folder, "lib", name, "site-packages"));
}

/** All folders in which an entry of GLOCAL_CUDA_PATH may mean libraries to lie. */
function foldersOf(entry: string): string[] {
  return [
    entry,
    ...HOME_FOLDERS.map((folder) => join(entry, folder)),
    ...wheelFolders(entry),
    ...sitePackages(entry).flatMap(wheelFolders),
  ];
}

const newestFirst = (a: string, b: string) => b.localeCompare(a, "en", { numeric: true });

/** Files `base.so` and `base.so.N…` in a folder, those with a number first, the newest of them first. */
function filesIn(folder: string, base: string): string[] {
  return namesIn(folder)
    .filter((name) => name === `${base}.so` || new RegExp(`^${base}\\.so(\\.\\d+)+$`).test(name))
    .sort(newestFirst)
    .map((name) => join(folder, name));
}

function homes(environment: Environment): string[] {
  const named = [environment["CUDA_HOME"], environment["CUDA_PATH"], "/usr/local/cuda"];
  return [...new Set(named.filter((home) => home !== undefined && home !== ""))] as string[];
}

/**
 * Candidates for each library: those that GLOCAL_CUDA_PATH names, the loader's own, then the usual
 * folders. GLOCAL_CUDA_PATH is a list like PATH of folders with libraries, homes of CUDA, virtual
 * environments of Python, or folders that hold `nvidia/…/lib` as its wheels have it.
 */
export function findCudaLibraries(environment: Environment = process.env): CudaLibraries {
  const named = (environment["GLOCAL_CUDA_PATH"] ?? "").split(delimiter).filter(Boolean);
  const first = named.flatMap(foldersOf);
  const usual = homes(environment).flatMap((home) => HOME_FOLDERS.map((f) => join(home, f)));
  const candidates = (library: Library): string[] => {
    const { base, numbers } = NAMES[library];
    const inFolders = (folders: string[]) => folders.flatMap((folder) => filesIn(folder, base));
    return [
      ...new Set([
        ...inFolders(first),
        ...numbers.map((number) => `${base}.so.${number}`),
        ...inFolders(library === "driver" ? DRIVER_FOLDERS : usual),
      ]),
    ];
  };
  return {
    driver: candidates("driver"),
    nvrtc: candidates("nvrtc"),
    nvjitlink: candidates("nvjitlink"),
    cublasLt: candidates("cublasLt"),
    cublas: candidates("cublas"),
    cusparse: candidates("cusparse"),
    cusolver: candidates("cusolver"),
  };
}

/** Where the loader finds bare names besides LD_LIBRARY_PATH: the list it keeps, and folders it knows anyway. */
const LOADER_LIST = "/etc/ld.so.cache";
const LOADER_FOLDERS = ["/lib64", "/usr/lib64", "/lib", "/usr/lib", ...DRIVER_FOLDERS.slice(0, 1)];

function loaderKnows(name: string): boolean {
  try {
    return readFileSync(LOADER_LIST).includes(`/${name}\0`);
  } catch {
    return false;
  }
}

/** Whether the loader would find any of these. It is not asked: opening a library runs what stands in it. */
export function anyLies(
  candidates: readonly string[],
  environment: Environment = process.env,
): boolean {
  const own = (environment["LD_LIBRARY_PATH"] ?? "").split(/[:;]/).filter(Boolean);
  const folders = [...own, ...LOADER_FOLDERS];
  return candidates.some((candidate) =>
    candidate.includes("/")
      ? existsSync(candidate)
      : folders.some((folder) => existsSync(join(folder, candidate))) || loaderKnows(candidate),
  );
}
