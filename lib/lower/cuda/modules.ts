/** The kernels of a program: each text once, in a handful of modules that are compiled side by side. */
import type { KernelName } from "./launches.js";
import { PRELUDE } from "./text/prelude.js";

/** Characters that are worth a module of their own, and how many there may be. */
const MODULE = 8192;
const MOST_MODULES = 8;

export class KernelTable {
  private readonly generated = new Map<string, number>();
  private readonly fixed = new Map<string, number>();
  /** Texts of generated kernels, null for fixed ones. */
  private readonly texts: (string | null)[] = [];
  private readonly names: string[] = [];

  /** @param text with `NAME` for the kernel's name */
  generate(text: string): number {
    return this.find(this.generated, text, () => {
      const name = `kernel_${this.generated.size}`;
      return [name, text.replaceAll("NAME", name)];
    });
  }

  fix(name: string): number {
    return this.find(this.fixed, name, () => [name, null]);
  }

  private find(
    known: Map<string, number>,
    key: string,
    make: () => readonly [string, string | null],
  ): number {
    const index = known.get(key);
    if (index !== undefined) return index;
    const [name, text] = make();
    known.set(key, this.names.length);
    this.texts.push(text);
    this.names.push(name);
    return this.names.length - 1;
  }

  /** The longest kernels first, each into the module that is shortest so far. */
  finish(): { readonly modules: readonly string[]; readonly kernels: readonly KernelName[] } {
    const kernels: KernelName[] = this.names.map((name) => ({ name, module: null }));
    const own = this.texts.flatMap((text, kernel) => (text === null ? [] : [{ text, kernel }]));
    const size = own.reduce((sum, { text }) => sum + text.length, 0);
    const count = Math.min(own.length, MOST_MODULES, Math.ceil(size / MODULE));
    const modules = Array.from({ length: count }, () => ({ texts: [PRELUDE], size: 0 }));
    for (const { text, kernel } of own.sort((a, b) => b.text.length - a.text.length)) {
      const module = modules.reduce(
        (best, m, i) => (m.size < (modules[best]?.size ?? 0) ? i : best),
        0,
      );
      modules[module]?.texts.push(text);
      (modules[module] as { size: number }).size += text.length;
      kernels[kernel] = { name: this.names[kernel] as string, module };
    }
    return { modules: modules.map((m) => `${m.texts.join("\n\n")}\n`), kernels };
  }
}
