import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NotProvided, provide } from "../../scripts/setup/provide.mjs";

let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glocal-provide-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A machine that records what it is told to do; `answer` decides each exit code. */
function machineOf({ root = false, programs = ["apt-get", "dpkg-deb", "sudo"], answer = () => 0 }) {
  const commands = [];
  const run = (command, args, options = {}) => {
    const line = [command, ...args].join(" ");
    commands.push(line);
    const code = answer(line, options);
    return { code, output: code === 0 ? "fine" : "one line\nE: no such thing" };
  };
  return { commands, machine: { root, has: (program) => programs.includes(program), run } };
}

const library = () => join(folder, "openblas", "libopenblas.a");

/** OpenBLAS, present from the start, or once a command that matches `by` has run. */
function wantOf(isPresent) {
  return {
    title: "A static OpenBLAS",
    packages: ["libopenblas-dev"],
    unpack: { packages: ["libopenblas-pthread-dev"], into: join(folder, "openblas") },
    present: isPresent,
  };
}

const installs = (commands) => commands.some((line) => / install /.test(line));

/** Plays apt-get download and dpkg-deb -x with real files, so that what is left behind can be looked at. */
function playUnpacking(line, { cwd }) {
  if (/ download /.test(line)) writeFileSync(join(cwd, "libopenblas.deb"), "");
  if (line.startsWith("dpkg-deb")) {
    const target = line.split(" ").at(-1);
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, "libopenblas.a"), "archive");
  }
  return 0;
}

describe("coming by a Debian package", () => {
  test("what is present is left alone", () => {
    const { machine, commands } = machineOf({ root: true });
    expect(
      provide(
        wantOf(() => true),
        machine,
      ),
    ).toBe("present");
    expect(commands).toEqual([]);
  });

  test("root installs it", () => {
    const { machine, commands } = machineOf({ root: true });
    expect(
      provide(
        wantOf(() => installs(commands)),
        machine,
      ),
    ).toBe("installed");
    expect(commands).toHaveLength(1);
    expect(commands[0]).toMatch(/^env DEBIAN_FRONTEND=noninteractive apt-get .* libopenblas-dev$/);
  });

  test("package lists are updated only when the first try fails", () => {
    let updated = false;
    const { machine, commands } = machineOf({
      root: true,
      answer: (line) => {
        if (line.endsWith(" update")) updated = true;
        return updated ? 0 : 100;
      },
    });
    expect(
      provide(
        wantOf(() => updated && installs(commands)),
        machine,
      ),
    ).toBe("installed");
    expect(
      commands.map((line) => line.split(" ").find((word) => /install|update/.test(word))),
    ).toEqual(["install", "update", "install"]);
  });

  test("passwordless sudo is used, and never asks", () => {
    const { machine, commands } = machineOf({});
    expect(
      provide(
        wantOf(() => installs(commands)),
        machine,
      ),
    ).toBe("installed with sudo");
    expect(commands[0]).toBe("sudo -n true");
    expect(commands.every((line) => line.startsWith("sudo -n "))).toBe(true);
  });

  test("without rights the package is unpacked, and nothing else is left behind", () => {
    const { machine, commands } = machineOf({
      programs: ["apt-get", "dpkg-deb"],
      answer: playUnpacking,
    });
    expect(
      provide(
        wantOf(() => existsSync(library())),
        machine,
      ),
    ).toBe("unpacked without root");
    expect(commands[0]).toBe("apt-get -q download libopenblas-pthread-dev");
    expect(readFileSync(library(), "utf8")).toBe("archive");
    expect(existsSync(join(folder, "openblas.part"))).toBe(false);
  });

  test("sudo that wants a password is passed over", () => {
    const { machine, commands } = machineOf({
      answer: (line, options) => (line.startsWith("sudo") ? 1 : playUnpacking(line, options)),
    });
    expect(
      provide(
        wantOf(() => existsSync(library())),
        machine,
      ),
    ).toBe("unpacked without root");
    expect(commands.filter((line) => line.startsWith("sudo"))).toEqual(["sudo -n true"]);
  });

  test("without rights and without package lists it fetches lists of its own", () => {
    let lists = false;
    const { machine, commands } = machineOf({
      programs: ["apt-get", "dpkg-deb"],
      answer: (line, options) => {
        if (line.endsWith(" update")) lists = true;
        return lists ? playUnpacking(line, options) : 100;
      },
    });
    expect(
      provide(
        wantOf(() => existsSync(library())),
        machine,
      ),
    ).toBe("unpacked without root");
    const update = commands.find((line) => line.endsWith(" update"));
    expect(update).toContain(`Dir::State::lists=${join(folder, "openblas.part", "lists")}`);
  });

  test("an installation that fails falls back to unpacking", () => {
    const { machine } = machineOf({
      root: true,
      answer: (line, options) => (installs([line]) ? 100 : playUnpacking(line, options)),
    });
    expect(
      provide(
        wantOf(() => existsSync(library())),
        machine,
      ),
    ).toBe("unpacked without root");
  });

  test.each([
    ["as root", true, "apt-get install -y libopenblas-dev"],
    ["as a user", false, "sudo apt-get install -y libopenblas-dev"],
  ])("when nothing works, the one command is named: %s", (_, root, command) => {
    const { machine } = machineOf({ root, answer: () => 100 });
    const attempt = () =>
      provide(
        wantOf(() => false),
        machine,
      );
    expect(attempt).toThrow(NotProvided);
    expect(attempt).toThrow(`Install it:  ${command}`);
    expect(attempt).toThrow("E: no such thing");
    expect(existsSync(join(folder, "openblas"))).toBe(false);
  });

  test("a machine without apt-get gets the command at once", () => {
    const { machine, commands } = machineOf({ programs: [] });
    expect(() =>
      provide(
        wantOf(() => false),
        machine,
      ),
    ).toThrow("sudo apt-get install");
    expect(commands).toEqual([]);
  });

  test("an installation that does not bring the file is not believed", () => {
    const { machine } = machineOf({ root: true, programs: ["apt-get"] });
    expect(() =>
      provide(
        wantOf(() => false),
        machine,
      ),
    ).toThrow("not where it was expected");
  });
});
